import { expect, test } from "vitest";
import { backoffMs } from "../../../../core/runtime/backoff.ts";

const STEPS = { firstMs: 1000, longestMs: 60_000 };

test("doubles from the first step to the longest", () => {
  expect([1, 2, 3, 6, 7, 50].map((failures) => backoffMs(STEPS, failures, undefined, 1))).toEqual([
    1000, 2000, 4000, 32_000, 60_000, 60_000,
  ]);
});

test("jitter spreads over half of it, at the cap too", () => {
  expect([0, 0.5].map((random) => backoffMs(STEPS, 1, undefined, random))).toEqual([500, 750]);
  expect([0, 0.5].map((random) => backoffMs(STEPS, 99, undefined, random))).toEqual([30_000, 45_000]);
});

test("what the receiver asks for is kept, a little later, up to five minutes", () => {
  expect(backoffMs(STEPS, 1, 7000, 0)).toBe(7000);
  expect(backoffMs(STEPS, 9, 7000, 0.5)).toBe(7350);
  expect(backoffMs(STEPS, 1, 1e9, 0)).toBe(300_000);
});
