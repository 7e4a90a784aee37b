import fc from "fast-check";
import { expect, test } from "vitest";
import {
  advanceLoad,
  type FixedLoad,
  loadValue,
  seedLoad,
} from "../../../../lxcfs-shim/view/load-average.ts";

const values = (load: readonly number[]): readonly number[] => load.map(loadValue);

test("a seed is what a machine shows that has run as many tasks since its start", () => {
  expect(values(seedLoad(2, 0))).toEqual([0.16, 0.03, 0.01]);
  expect(seedLoad(2, 9.9)).toEqual(advanceLoad([0, 0, 0], 2, 1));
  expect(seedLoad(2, 60)).toEqual(advanceLoad([0, 0, 0], 2, 12));
  expect(values(seedLoad(3, 86_400))).toEqual([3, 3, 3]);
  expect(values(seedLoad(0, 86_400))).toEqual([0, 0, 0]);
});

/** A load that has stood long enough to be in all three averages. */
const steady = (active: number): FixedLoad => [active * 2048, active * 2048, active * 2048];

/** What calc_load() of kernel/sched/loadavg.c gives when it is compiled as C. */
test.for<[number, readonly number[]]>([
  [1, [0.08, 0.02, 0.01]],
  [12, [0.63, 0.18, 0.06]],
  [60, [1, 0.64, 0.29]],
  [180, [1, 0.96, 0.65]],
  [720, [1, 1, 1]],
])("one task for %i steps", ([steps, expected]) => {
  expect(values(advanceLoad([0, 0, 0], 1, steps))).toEqual(expected);
});

test("steps at once are steps one by one", () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(50), fc.nat(600), (load, active, steps) => {
      let oneByOne = steady(load);
      for (let step = 0; step < steps; step += 1) oneByOne = advanceLoad(oneByOne, active, 1);

      expect(advanceLoad(steady(load), active, steps)).toEqual(oneByOne);
    }),
  );
});

test("between what was and what runs, and there in the end", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (load, active, steps) => {
      for (const value of values(advanceLoad(steady(load), active, steps))) {
        expect(value).toBeGreaterThanOrEqual(Math.min(load, active));
        expect(value).toBeLessThanOrEqual(Math.max(load, active));
      }
      expect(values(advanceLoad(steady(0), active, 5000))[0]).toBe(active);
    }),
  );
});
