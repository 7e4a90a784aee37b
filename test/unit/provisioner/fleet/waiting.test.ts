import { expect, test } from "vitest";
import { beginWaiting } from "../../../../provisioner/fleet/waiting.ts";
import { SetClock } from "../../../support/networks.ts";

test("ten minutes, and one once it is interrupted, whichever is first", () => {
  const [clock, stop] = [new SetClock(), new AbortController()];
  const leftMs = beginWaiting(clock, stop.signal);
  const at = (ms: number): number => {
    clock.now += ms;
    return leftMs();
  };

  expect(at(0)).toBe(600_000);
  expect(at(100_000)).toBe(500_000);
  stop.abort();
  expect(at(0)).toBe(60_000);
  expect(at(50_000)).toBe(10_000);
  expect(at(20_000)).toBe(-10_000);
});

test("an interruption near the end wins no time", () => {
  const [clock, stop] = [new SetClock(), new AbortController()];
  const leftMs = beginWaiting(clock, stop.signal);
  clock.now += 590_000;
  stop.abort();

  expect(leftMs()).toBe(10_000);
});
