import { expect, test } from "vitest";
import { compareCourses, readMeasure, wholeWindows } from "../../../../collector/compare/compare.ts";
import { MEASURES } from "../../../../collector/compare/measures.ts";
import { archiveReader } from "../../../../collector/history/archive-reader.ts";
import { isCounter, openTestArchive } from "../../../support/archive-with.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";

const [MINUTE_MS, DAY_MS] = [60_000, 86_400_000];
const HISTORY = { id: 1, ip: "10.0.0.7", owner: undefined, firstSeenMs: 0, lastSeenMs: 0, generations: [] };

test("a machine against itself a week ago, rebuilt in between with other counters", async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const { archive, put } = openTestArchive(clock);
  let [idle, user] = [5000, 1000];
  const run = async (busy: number, minutes: number): Promise<void> => {
    for (let i = 0; i < minutes; i++) {
      await clock.advance(MINUTE_MS);
      idle += 60 * (1 - busy);
      user += 60 * busy;
      const cpu = (mode: string, value: number) =>
        gauge("node_cpu_seconds_total", { cpu: "0", mode }, value, clock.nowMs());
      await put(cpu("idle", idle), cpu("user", user));
    }
  };
  await run(0.2, 120);
  await clock.advance(7 * DAY_MS - 120 * MINUTE_MS);
  await run(0.5, 60);
  [idle, user] = [0, 0];
  await run(0.5, 60);
  const [cpu] = MEASURES;
  if (cpu === undefined) throw new Error("a measure");
  const read = readMeasure(archiveReader(archive, isCounter), HISTORY, cpu, 10 * MINUTE_MS);
  const range = { fromMs: clock.nowMs() - 120 * MINUTE_MS, toMs: clock.nowMs() };
  const { now, before, change } = await compareCourses(read, range, 7 * DAY_MS);
  expect([before.mean, before.max, now.mean, now.p95].map((value) => value?.toFixed(6))).toEqual([
    ...["0.200000", "0.200000", "0.500000", "0.500000"],
  ]);
  expect(change).toBeCloseTo(1.5);
  expect(now.samples.times).toHaveLength(12);
  expect(await compareCourses(read, range, 3 * DAY_MS)).toMatchObject({
    change: undefined,
    before: { mean: undefined },
  });
});

test("whole windows, unless there is none", () => {
  expect(wholeWindows({ fromMs: 1, toMs: 39 }, 10)).toEqual({ fromMs: 10, toMs: 30 });
  expect(wholeWindows({ fromMs: 10, toMs: 30 }, 10)).toEqual({ fromMs: 10, toMs: 30 });
  expect(wholeWindows({ fromMs: 11, toMs: 19 }, 10)).toEqual({ fromMs: 11, toMs: 19 });
});
