import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { startProcess } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { canMakeCgroups, canUnshare, describeIf, hasFuse, isRoot, testIf } from "../support/host.ts";
import { expectNothingLeft, type HostSnapshot, snapshotHost } from "../support/leaks.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { makeCgroup, startViewContainer, type ViewContainer } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const READER = fileURLToPath(new URL("../support/verifying-reader.mjs", import.meta.url));
const LIMIT_KIB = 256 * 1024;
/** What a reader waits when the machine is busy with something else; how long it really takes is the benchmark's to say. */
const PATIENCE_MS = 10_000;

interface ReaderResult {
  readonly reads: number;
  readonly interrupted: number;
  readonly longestMs: number;
  readonly errors: readonly string[];
  readonly torn: readonly string[];
}

/** The server that a holder runs now. */
function serverOf(holder: RunningProgram): number {
  const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").trim();
  return Number(children.split(" ").at(-1));
}

const timesServed = (shim: RunningProgram): number =>
  shim.stderr.filter((line) => line.includes('"msg":"ready"')).length;

describeIf(
  isRoot,
  hasFuse,
  canMakeCgroups,
  canUnshare,
)("readers while their server is killed", () => {
  const cleanup = new Cleanup();
  let before: HostSnapshot;

  beforeAll(() => {
    before = snapshotHost();
  });

  afterEach(async () => {
    await cleanup.run();
    await expectNothingLeft(before);
  });

  afterAll(() => cleanup.run());

  async function startShim(...args: readonly string[]): Promise<[RunningProgram, ViewContainer]> {
    const mount = join(cleanup.temporaryFolder(), "shim");
    const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount, ...args));
    cleanup.add("shim", async () => expect(await shim.stop()).toBe(0));
    await shim.waitForLine(/"msg":"ready"/);
    const cgroup = makeCgroup(cleanup, `plimsoll-kill-${process.pid}`);
    cgroup.setMemoryLimit(LIMIT_KIB * 1024);
    cgroup.setQuota(1.5);
    return [shim, await startViewContainer(cleanup, cgroup, mount)];
  }

  function startReader(container: ViewContainer, mode: string): () => Promise<ReaderResult> {
    const argv = ["nsenter", "-t", `${container.pid}`, "-m", "-p", "-C", process.execPath, READER];
    const child = startProcess([...argv, "/proc", `${LIMIT_KIB}`, mode], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    cleanup.add("reader", () => void child.kill("SIGKILL"));
    let printed = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk;
    });
    return async () => {
      child.stdin?.end();
      return JSON.parse(
        await waitFor("a reader's end", () => printed.includes("\n") && printed, PATIENCE_MS),
      );
    };
  }

  for (const [recovery, kills] of [
    ["resend", 200],
    ["record", 100],
  ] as const) {
    testIf()(
      `${kills} times at random: no error, no torn text, no counter that goes back (${recovery})`,
      async () => {
        const [shim, container] = await startShim("--recovery", recovery);
        const modes = ["whole", "pieces", "kept", "whole", "pieces", "kept", "whole", "pieces"];
        const ends = modes.map((mode) => startReader(container, mode));

        for (let kill = 0; kill < kills; kill++) {
          await waitFor("the next server", () => timesServed(shim) > kill, PATIENCE_MS);
          await sleep(Math.random() * 200);
          process.kill(serverOf(shim), "SIGKILL");
        }
        await waitFor("the last server", () => timesServed(shim) > kills, PATIENCE_MS);
        const results = await Promise.all(ends.map((end) => end()));

        expect(results.flatMap(({ errors }) => errors)).toEqual([]);
        expect(results.flatMap(({ torn }) => torn)).toEqual([]);
        expect(Math.min(...results.map(({ reads }) => reads))).toBeGreaterThan(kills);
        expect(Math.max(...results.map(({ longestMs }) => longestMs))).toBeLessThan(PATIENCE_MS);
        if (recovery === "resend")
          expect(results.map(({ interrupted }) => interrupted)).toEqual(modes.map(() => 0));
      },
      300_000,
    );
  }
});
