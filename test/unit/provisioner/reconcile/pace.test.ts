import { expect, test } from "vitest";
import { Pace } from "../../../../provisioner/reconcile/pace.ts";

test("the first at once, the same one later and later, up to five minutes", () => {
  const pace = new Pace();
  const waits: number[] = [];
  for (let now = 0, made = 0; made < 9; made++) {
    now += pace.waitMs("start", now);
    pace.note("start", now);
    waits.push(pace.waitMs("start", now) / 1000);
  }

  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
});

test("another repair does not wait, and what has held for ten minutes is forgotten", () => {
  const pace = new Pace();
  expect(pace.isQuiet(0)).toBe(true);
  pace.note("start", 0);
  expect(pace.note("start", 5000)).toBe(2);

  expect(pace.waitMs("plug", 5000)).toBe(0);
  expect(pace.isQuiet(5000)).toBe(false);
  expect(pace.isQuiet(15_000)).toBe(true);
  expect(pace.note("start", 605_000)).toBe(1);
  pace.reset();
  expect(pace.waitMs("start", 605_000)).toBe(0);
});
