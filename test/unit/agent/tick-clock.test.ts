import { expect, test } from "vitest";
import { TickClock } from "../../../agent/tick-clock.ts";
import { recordLog } from "../../support/record-log.ts";

function open() {
  const at = { wallMs: 1e12, monotonicMs: 0 };
  const log = recordLog();
  const clock = { nowMs: () => at.wallMs, monotonicMs: () => at.monotonicMs, sleep: async () => {} };
  const ticks = new TickClock(clock, log);
  const pass = (wallMs: number, monotonicMs: number): number => {
    at.wallMs += wallMs;
    at.monotonicMs += monotonicMs;
    return ticks.nowMs() - 1e12;
  };
  return { ticks, pass, log };
}

test("a clock that is disciplined is followed silently", () => {
  const { ticks, pass, log } = open();

  expect([pass(0, 0), pass(10_000, 10_000), pass(10_100, 10_000)]).toEqual([0, 10_000, 20_100]);
  expect([ticks.jumps, log.lines]).toEqual([0, []]);
});

test("a small step back is bridged, and told", () => {
  const { ticks, pass, log } = open();
  pass(0, 0);

  expect([pass(-20_000, 10_000), pass(10_000, 10_000), pass(20_000, 20_000)]).toEqual([1, 2, 10_000]);
  expect(ticks.jumps).toBe(1);
  expect(log.lines).toMatchObject([{ level: "warn", fields: { byMs: -30_000 }, message: "clock was set" }]);
});

test("a large step is followed either way", () => {
  const { ticks, pass } = open();
  pass(0, 0);

  expect([pass(3_600_000, 10_000), pass(-7_200_000, 10_000)]).toEqual([3_600_000, -3_600_000]);
  expect(ticks.jumps).toBe(2);
});
