import { expect, test } from "vitest";
import { backoffMs } from "../../../collector/backoff.ts";

test("doubles up to half a minute, and never to less than half of that", () => {
  const most = [1, 2, 3, 8, 30].map((failures) => backoffMs(failures, undefined, 1));
  expect(most).toEqual([250, 500, 1000, 30_000, 30_000]);
  expect(backoffMs(30, undefined, 0)).toBe(15_000);
});

test("what the receiver asks for is heard, within reason", () => {
  expect(backoffMs(1, 7000, 0)).toBe(7000);
  expect(backoffMs(1, 7000, 0.5)).toBe(7350);
  expect(backoffMs(1, 86_400_000, 0)).toBe(300_000);
});
