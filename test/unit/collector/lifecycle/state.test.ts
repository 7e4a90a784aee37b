import { expect, test } from "vitest";
import { type Circumstances, judgeState, patienceMs } from "../../../../collector/lifecycle/state.ts";

const SILENT: Circumstances = {
  ...{ silentMs: 60_000, patienceMs: 30_000, isRunning: undefined },
  ...{ isHostAway: false, isPlanned: false, isReleased: false },
};

test.for<[string, Partial<Circumstances>]>([
  ["reporting", { silentMs: 30_000 }],
  ["reporting", { silentMs: 0, isRunning: false, isPlanned: true }],
  ["silent", {}],
  ["silent", { isRunning: true }],
  ["stopped", { isRunning: false, isHostAway: true }],
  ["host-away", { isHostAway: true }],
  ["planned", { isPlanned: true, isRunning: false, isHostAway: true }],
  ["released", { isReleased: true, isPlanned: true }],
])("%s: %j", ([state, circumstances]) => {
  expect(judgeState({ ...SILENT, ...circumstances })).toBe(state);
});

test("three missed pushes, but not less than half a minute, nor more than ten", () => {
  expect([0, 1000, 10_000, 60_000, 3_600_000].map(patienceMs)).toEqual([
    30_000, 30_000, 30_000, 180_000, 600_000,
  ]);
});
