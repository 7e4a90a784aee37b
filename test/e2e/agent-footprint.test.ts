import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { ownMemoryBytes } from "../../agent/self-limits.ts";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { canMakeCgroups, isRoot, testIf } from "../support/host.ts";
import { startReceiver } from "../support/remote-write-receiver.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { makeCgroup } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MIB = 2 ** 20;

/** Measured: 11.7 MiB with Node.js 20, 12.3 with 22, 14.6 with 24, which takes 1.8 more before it does anything. */
const OWN_MIB = Number.parseInt(process.versions.node, 10) >= 24 ? 17 : 14;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("the one file needs node and nothing else", async () => {
  const folder = cleanup.temporaryFolder();
  mkdirSync(join(folder, "empty"));
  const file = join(folder, "empty", "agent.cjs");
  copyFileSync(join(ROOT, "dist/plimsoll-agent.cjs"), file);
  const run = (...args: readonly string[]) =>
    exec([file, ...args], {
      cwd: join(folder, "empty"),
      env: { PLIMSOLL_NODE: process.execPath, PATH: "/bin" },
    });
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

  expect((await run("--version")).stdout).toBe(`${version}\n`);
  expect((await run("once", "--ip", "10.0.0.7")).stdout).toMatch(/^node_load1 /m);
  // Every protocol is inside.
  const push = ["remote-write+http", "remote-write-v2+http", "otlp+http", "influx+http", "falcon+http"];
  const all = [...push, "graphite+tcp", "zabbix+tcp"].flatMap((scheme) => ["--push", `${scheme}://h:1/`]);
  expect((await run("check-config", ...all)).stdout.match(/^push/gm)).toHaveLength(7);
  await expect(run("facts")).rejects.toThrow("systeminformation");
});

testIf(isRoot, canMakeCgroups)("runs within 32 MiB, and its memory stays what it is", async () => {
  const receiver = await startReceiver(cleanup);
  const cgroup = makeCgroup(cleanup, `plimsoll-agent-${process.pid}`);
  cgroup.setMemoryLimit(32 * MIB);
  const enter = `echo $$ > ${cgroup.directory("memory")}/cgroup.procs && exec "$@"`;
  const flags = ["run", "--ip", "10.0.0.7", "--interval", "100ms", "--spool", "none", "--push", receiver.url];
  const agent = startProgram(cleanup, ["sh", "-c", enter, "sh", ...programArgv("plimsoll-agent", ...flags)]);
  const ownMiB = (): number => (ownMemoryBytes(readFileSync(`/proc/${agent.pid}/status`, "utf8")) ?? 0) / MIB;
  await waitFor("samples", () => receiver.times("node_load1").length > 40, 60_000);
  const before = ownMiB();
  await sleep(6000);

  expect(before).toBeLessThan(OWN_MIB);
  expect(Math.abs(ownMiB() - before)).toBeLessThan(2.5);
  expect(cgroup.usageBytes()).toBeLessThan(32 * MIB);
});
