import { expect, test } from "vitest";
import { Throttle } from "../../../../../provisioner/registry/replication/throttle.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";

async function* chunks(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield Buffer.alloc(size);
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of stream);
}

test("two transfers share what may pass in a second", async () => {
  const clock = new ManualClock();
  const throttle = new Throttle(() => 1000, clock);
  let ended = 0;
  const transfers = [drain(throttle.pass(chunks(500, 500))), drain(throttle.pass(chunks(1000)))];
  for (const each of transfers) void each.then(() => ended++);

  await clock.advance(1600);
  expect([ended, throttle.passedBytes]).toEqual([1, 1500]);
  await clock.advance(500);
  expect([ended, throttle.passedBytes]).toEqual([2, 2000]);
});

test("without a limit nothing waits", async () => {
  const clock = new ManualClock();
  await drain(new Throttle(() => Number.POSITIVE_INFINITY, clock).pass(chunks(1e6, 1e6)));
  expect(clock.sleeps).toEqual([]);
});

test("another hour has another rate", async () => {
  const clock = new ManualClock(0);
  const throttle = new Throttle((nowMs) => (nowMs < 1000 ? 1000 : 10_000), clock);
  let isOver = false;
  void drain(throttle.pass(chunks(1000, 1000, 1000))).then(() => {
    isOver = true;
  });
  await clock.advance(1100);
  expect([isOver, throttle.passedBytes]).toEqual([false, 2000]);
  await clock.advance(100);
  expect([isOver, throttle.passedBytes]).toEqual([true, 3000]);
});
