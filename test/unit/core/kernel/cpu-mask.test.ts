import fc from "fast-check";
import { expect, test } from "vitest";
import { intersectCpuMask } from "../../../../core/kernel/cpu-mask.ts";

test.for<[string, readonly number[], string]>([
  ["f\n", [1, 3, 9], "a\n"],
  ["3\n", [], "0\n"],
  ["00000001,000000ff\n", [0, 4, 32], "00000001,00000011\n"],
  ["00000001,000000ff\n", [5], "00000000,00000020\n"],
  ["", [1], ""],
])("of %j only %j are left", ([mask, ids, expected]) => {
  expect(intersectCpuMask(mask, new Set(ids))).toBe(expected);
});

test("a CPU is left where it was in the mask and is in the set", () => {
  const ids = fc.uniqueArray(fc.nat(63));
  const maskOf = (set: readonly number[]): string =>
    set
      .reduce((bits, id) => bits | (1n << BigInt(id)), 0n)
      .toString(16)
      .padStart(16, "0");
  fc.assert(
    fc.property(ids, ids, (mask, set) => {
      const both = mask.filter((id) => set.includes(id));

      expect(intersectCpuMask(maskOf(mask), new Set(set))).toBe(maskOf(both));
    }),
  );
});
