import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exec } from "../../../../core/runtime/exec.ts";
import type { DockerEngine } from "../../../../provisioner/docker/engine.ts";
import { INSIDE } from "../../../../provisioner/executors/names.ts";
import {
  askInside,
  findWrong,
  healthyWithinMs,
  parseAnswer,
  parseLocalAddresses,
  QUESTION,
} from "../../../../provisioner/executors/verify.ts";
import { MACHINE } from "../../../support/machine-model.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const { limits, disk, id, name } = MACHINE;
const step = {
  kind: "verifyMachine",
  machine: { id, name },
  generation: 1,
  limits,
  diskBytes: disk.bytes,
} as const;
const inside = {
  memoryBytes: limits.memoryBytes,
  cpuset: "0",
  diskBytes: disk.bytes,
  addresses: ["10.0.0.7"],
};

test.for([
  [{}, []],
  [{ memoryBytes: 2 ** 34 }, ["memory is 16 GiB, not 512 MiB"]],
  [{ cpuset: "0-1" }, ["CPUs are 0-1, not 0"]],
  [{ diskBytes: 2 ** 28 }, ["the data disk is 256 MiB, not 1 GiB"]],
  [{ addresses: [] }, ["there is no address"]],
] as const)("inside %j", ([changes, wrong]) => {
  expect(findWrong(step, { ...inside, ...changes })).toEqual(wrong);
});

test("addresses that are the namespace's own", () => {
  const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.10.0.0/24 2 0 2
        |-- 10.10.0.0
           /24 link UNICAST
        |-- 10.10.0.7
           /32 host LOCAL
        |-- 10.10.0.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
Local:
        |-- 10.10.0.7
           /32 host LOCAL
`;
  expect(parseLocalAddresses(trie)).toEqual(["10.10.0.7"]);
  expect(parseLocalAddresses("")).toEqual([]);
});

test("a shell is asked for what a new process has", async () => {
  const question = QUESTION.replaceAll(INSIDE.node, process.execPath);
  const { stdout } = await exec(["/bin/sh", "-c", question]);

  const [, kib] = /^MemTotal: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8")) ?? [];
  const [, cpuset] = /^Cpus_allowed_list:\t(.+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  expect(parseAnswer(stdout)).toEqual({ memoryBytes: Number(kib) * 1024, cpuset });
  expect(parseAnswer("")).toEqual({ memoryBytes: 0, cpuset: "" });
});

function engineAsking(runInside: DockerEngine["runInside"]): DockerEngine {
  const running = { State: { Running: true } };
  return { runInside, inspectContainer: async () => running } as unknown as DockerEngine;
}

test("what writes without end is remembered by its end alone", async () => {
  const docker = engineAsking(async (_id, _argv, onFrame) => {
    const bytes = Buffer.from(`${"x".repeat(50_000)}\n`);
    for (let frame = 0; frame < 10; frame++) await onFrame({ stream: "stdout", bytes });
    return 1;
  });

  const asked = askInside({ docker, clock: new ManualClock() }, step, "c");
  await expect(asked).rejects.toThrow(/its image: x{50000}$/);
});

test("what never answers is not waited for without end", async () => {
  const clock = new ManualClock();
  const docker = engineAsking(
    (_id, _argv, _onFrame, signal) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
  );

  const asked = expect(askInside({ docker, clock }, step, "c")).rejects.toThrow(
    `container ${name}: inside: no answer within 60 s`,
  );
  await clock.advance(60_000);
  await asked;
});

test("a health check is waited for until the engine has asked once", () => {
  const Labels = {};
  expect(healthyWithinMs({ Labels })).toBe(60_000);
  expect(healthyWithinMs({ Labels, Healthcheck: { Interval: 10e9 } })).toBe(60_000);
  expect(healthyWithinMs({ Labels, Healthcheck: { Interval: 60e9, Timeout: 5e9 } })).toBe(65_000);
  expect(healthyWithinMs({ Labels, Healthcheck: { Interval: 300e9 } })).toBe(330_000);
});
