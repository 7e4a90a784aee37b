import { expect, test } from "vitest";
import { readWindows } from "../../../../collector/history/windows.ts";
import { isCounter, openTestArchive } from "../../../support/archive-with.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";

const [DAY_MS, STEP_MS] = [86_400_000, 300_000];
const START_MS = Date.UTC(2026, 0, 1);

test("windows of what is sampled and of what is coarse meet without a gap and without counting twice", async () => {
  const clock = new ManualClock(START_MS);
  const { archive, put } = openTestArchive(clock, 2 * DAY_MS);
  for (let i = 0; i < (4 * DAY_MS) / STEP_MS; i++) {
    await clock.advance(STEP_MS);
    await put(gauge("a", {}, i, clock.nowMs()), gauge("b_total", {}, i * 10, clock.nowMs()));
    if (i % 288 === 287) {
      await archive.compact(1);
      while (await archive.coarsen(1));
    }
  }
  while (await archive.coarsen(1));
  const all = { fromMs: START_MS, toMs: clock.nowMs() };
  for (const stepMs of [STEP_MS, 3_600_000]) {
    const windows = readWindows(archive, 1, archive.series(1), { ...all, stepMs }, isCounter);
    const [a, b] = archive.series(1).map(({ id }) => windows.get(id));
    if (a?.kind !== "gauge" || b?.kind !== "counter") throw new Error("a gauge and a counter");
    const count = (4 * DAY_MS) / stepMs;
    const inEach = stepMs / STEP_MS;
    expect(a.max.values).toEqual(Array.from({ length: count }, (_, i) => (i + 1) * inEach - 1));
    expect(a.mean.times[0]).toBe(START_MS + stepMs);
    // The first sample of all has nothing before it to have grown from.
    expect(b.increase.values.reduce((sum, value) => sum + value, 0)).toBe(10 * ((4 * DAY_MS) / STEP_MS - 1));
  }
}, 60_000);
