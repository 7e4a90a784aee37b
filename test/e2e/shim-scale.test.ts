import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { mountPointIn } from "../support/fuse-mount.ts";
import {
  canMakeCgroups,
  canUnshare,
  cgroupVersion,
  describeIf,
  hasCommand,
  hasFuse,
  isRoot,
  testIf,
} from "../support/host.ts";
import { PATIENCE } from "../support/patience.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { serverOf } from "../support/shim-readers.ts";
import { makeCgroup } from "../support/view-container.ts";

const CROWD = fileURLToPath(new URL("../bench/crowd.c", import.meta.url));
const FILES = 9;

describeIf(
  isRoot,
  hasFuse,
  canMakeCgroups,
  canUnshare,
  hasCommand("cc"),
)("many containers", () => {
  const cleanup = new Cleanup();
  const mount = mountPointIn(cleanup);
  let holder = 0;
  let crowd: (what: string, count: number, seconds: number) => Promise<{ reads: number; errors: number }>;

  beforeAll(async () => {
    const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount));
    cleanup.add("shim", async () => expect(await shim.stop()).toBe(0));
    await shim.waitForLine(/"msg":"ready"/);
    holder = shim.pid;
    const program = join(cleanup.temporaryFolder(), "crowd");
    await exec(["cc", "-O2", "-o", program, CROWD]);
    const { directory } = makeCgroup(cleanup, `plimsoll-crowd-${process.pid}`);
    if (cgroupVersion === 2)
      writeFileSync(join(directory("memory"), "cgroup.subtree_control"), "+memory +cpu +pids");
    const directories = [...new Set((["memory", "cpu", "cpuacct", "pids"] as const).map(directory))];
    crowd = async (what, count, seconds) => {
      const argv = [program, what, mount, `${count}`, `${seconds}`, ...directories];
      return JSON.parse((await exec(argv, { timeoutMs: 100_000 * PATIENCE })).stdout);
    };
  });

  afterAll(() => cleanup.run());

  testIf()("all at once, and once a second: everybody is answered", async () => {
    expect(await crowd("burst", 60, 1)).toMatchObject({ reads: 60 * FILES, errors: 0 });
    expect(await crowd("steady", 60, 3)).toMatchObject({ reads: 60 * 3 * FILES, errors: 0 });
  });

  testIf()("that come and go leave neither files open nor texts behind", async () => {
    const keptOf = (server: number) => ({
      files: readdirSync(`/proc/${server}/fd`).length,
      // The notebook's two files, which it may fill up to before it is copied.
      noted: Math.max(...[4, 5].map((file) => statSync(`/proc/${server}/fd/${file}`).size)),
    });
    const { reads, errors } = await crowd("churn", 200, 2);
    const { files, noted } = keptOf(serverOf(holder));
    const { stdout } = await exec(programArgv("plimsoll-shim", "status", "--mount", mount, "--json"));
    const [{ operations }] = JSON.parse(stdout);

    expect({ reads, errors }).toEqual({ reads: 200 * 2 * FILES, errors: 0 });
    expect(operations.release.count).toBe(operations.open.count);
    // One for each of the callers that were there last, at most: they are known by it.
    expect(files).toBeLessThan(1100);
    expect(noted).toBeLessThan(8 * 2 ** 20);
  });
});
