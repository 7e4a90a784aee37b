import { expect, test } from "vitest";
import { collectGarbage } from "../../../lxcfs-shim/collect-garbage.ts";
import { ManualClock } from "../../support/manual-clock.ts";

test("once a minute, until the end", async () => {
  const clock = new ManualClock();
  const end = new AbortController();
  let times = 0;
  const ended = collectGarbage(clock, end.signal, () => {
    times += 1;
  });
  await clock.advance(59_000);
  expect(times).toBe(0);
  await clock.advance(1000);
  await clock.advance(60_000);
  end.abort();
  await ended;

  expect(times).toBe(2);
});

test("not where it cannot be asked for", async () => {
  const clock = new ManualClock();
  await collectGarbage(clock, new AbortController().signal, undefined);

  expect(clock.sleeps).toEqual([]);
});
