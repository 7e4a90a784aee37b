import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect } from "vitest";
import { startProcess } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { canServeContainers, describeIf, testIf } from "../support/host.ts";
import { makeCgroup, startViewContainer } from "../support/view-container.ts";

const MIB = 2 ** 20;
const FRESHNESS_MS = 100;
const GRACE_MS = 50;

/** Prints MemTotal for each line it is given, having just read it a few times: what it gets may be a kept answer. */
const READER = `
import os, sys
fd = os.open("/proc/meminfo", os.O_RDONLY)
for line in sys.stdin:
    print(int(os.pread(fd, 100, 0).split()[1]), flush=True)
    for _ in range(20):
        os.pread(fd, 100, 0)`;

import { startShim } from "../support/shim.ts";

describeIf(...canServeContainers)("plimsoll-shim serve --freshness", () => {
  const cleanup = new Cleanup();

  afterEach(() => cleanup.run());

  for (const [freshness, waitMs] of [
    ["100ms", FRESHNESS_MS + GRACE_MS],
    ["0", 0],
  ] as const) {
    testIf()(`${freshness}: a new limit shows ${waitMs} ms later, to one who keeps reading`, async () => {
      const { mount } = await startShim(cleanup, "--freshness", freshness);
      const cgroup = makeCgroup(cleanup, `plimsoll-fresh-${process.pid}`);
      const container = await startViewContainer(cleanup, cgroup, mount);

      const inside = ["nsenter", "-t", `${container.pid}`, "-m", "-p", "-C", "python3", "-c", READER];
      const reader = startProcess(inside, { stdio: ["pipe", "pipe", "inherit"] });
      cleanup.add("reader", () => void reader.kill("SIGKILL"));
      const answers = createInterface({ input: reader.stdout ?? process.stdin })[Symbol.asyncIterator]();
      const ask = async (): Promise<string> => {
        reader.stdin?.write("\n");
        return (await answers.next()).value;
      };

      await ask();
      for (const limit of [64, 128, 96, 512, 72]) {
        cgroup.setMemoryLimit(limit * MIB);
        await sleep(waitMs);

        expect(await ask()).toBe(`${limit * 1024}`);
        expect(container.run("head", "-1", "/proc/meminfo")).toMatch(new RegExp(` ${limit * 1024} kB$`, "m"));
      }
    });
  }
});
