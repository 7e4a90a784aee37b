import fc from "fast-check";
import { expect, test } from "vitest";
import { type CpuPolicy, visibleCpus } from "../../../../lxcfs-shim/view/visible-cpus.ts";

const online = (): readonly number[] => [0, 1, 2, 3];
const NONE = Number.POSITIVE_INFINITY;

test.for<[string, readonly number[] | undefined, number, CpuPolicy, readonly number[]]>([
  ["everything without limits", undefined, NONE, "both", [0, 1, 2, 3]],
  ["the first ⌈quota⌉ of the online ones", undefined, 1.5, "both", [0, 1]],
  ["one for a sliver of a CPU", undefined, 0.01, "both", [0]],
  ["one for no quota at all", undefined, 0, "both", [0]],
  ["the cpuset under its own ids", [1, 3], NONE, "both", [1, 3]],
  ["⌈quota⌉ of the cpuset", [1, 2, 3], 2, "both", [1, 2]],
  ["no more than the cpuset, whatever the quota", [2], 8, "both", [2]],
  ["the cpuset alone, by policy", [1, 2, 3], 1, "cpuset", [1, 2, 3]],
  ["the quota alone, by policy", [2, 3], 2, "quota", [0, 1]],
  ["what is online when a cpuset is empty", [], NONE, "both", [0, 1, 2, 3]],
])("%s", ([, effectiveCpus, quotaCpus, policy, expected]) => {
  expect(visibleCpus({ effectiveCpus, quotaCpus }, online, policy)).toEqual(expected);
});

test("at least one CPU, never more than there are, always in order", () => {
  const ids = fc.uniqueArray(fc.nat(511)).map((list) => list.sort((a, b) => a - b));
  const quota = fc.oneof(fc.double({ min: 0, max: 1000, noNaN: true }), fc.constant(NONE));
  const policy = fc.constantFrom<CpuPolicy[]>("both", "cpuset", "quota");
  fc.assert(
    fc.property(fc.option(ids, { nil: undefined }), quota, policy, (effectiveCpus, quotaCpus, how) => {
      const cpus = visibleCpus({ effectiveCpus, quotaCpus }, online, how);

      expect(cpus.length).toBeGreaterThanOrEqual(1);
      expect([...cpus].sort((a, b) => a - b)).toEqual(cpus);
      expect(cpus.every((id) => effectiveCpus?.includes(id) || online().includes(id))).toBe(true);
    }),
  );
});
