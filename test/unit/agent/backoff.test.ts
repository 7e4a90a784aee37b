import { expect, test } from "vitest";
import { backoffMs } from "../../../agent/backoff.ts";

test("doubles from one second to a minute", () => {
  expect([1, 2, 3, 6, 7, 50].map((failures) => backoffMs(failures, undefined, 1))).toEqual([
    1000, 2000, 4000, 32_000, 60_000, 60_000,
  ]);
});

test("jitter spreads over half of it, at the cap too", () => {
  expect([0, 0.5].map((random) => backoffMs(1, undefined, random))).toEqual([500, 750]);
  expect([0, 0.5].map((random) => backoffMs(99, undefined, random))).toEqual([30_000, 45_000]);
});

test("what the receiver asks for is kept, a little later, up to five minutes", () => {
  expect(backoffMs(1, 7000, 0)).toBe(7000);
  expect(backoffMs(9, 7000, 0.5)).toBe(7350);
  expect(backoffMs(1, 1e9, 0)).toBe(300_000);
});
