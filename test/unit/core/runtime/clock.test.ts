import { expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";

test("sleeps at least as long as asked", async () => {
  const start = systemClock.monotonicMs();

  await systemClock.sleep(20);

  expect(systemClock.monotonicMs() - start).toBeGreaterThanOrEqual(19);
});

test("an abort ends the sleep at once, before or during it", async () => {
  const controller = new AbortController();
  const sleep = systemClock.sleep(3_600_000, controller.signal);
  controller.abort();

  await sleep;
  await systemClock.sleep(3_600_000, controller.signal);
});

test("a sleep of months is not over at once", async () => {
  const over = new AbortController();
  let isOver = false;
  const sleep = systemClock.sleep(90 * 86_400_000, over.signal).then(() => {
    isOver = true;
  });
  await systemClock.sleep(20);

  expect(isOver).toBe(false);
  over.abort();
  await sleep;
});

test("the wall clock is the system's", () => {
  expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(1000);
});
