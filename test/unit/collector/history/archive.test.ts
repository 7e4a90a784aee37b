import { expect, test } from "vitest";
import { Archive } from "../../../../collector/history/archive.ts";
import { Blocks } from "../../../../collector/history/blocks.ts";
import { SeriesIds } from "../../../../collector/history/series-ids.ts";
import { Shapes } from "../../../../collector/shapes.ts";
import { type Database, openMemoryDatabase } from "../../../../collector/store/database.ts";
import { GroupCommit } from "../../../../collector/store/group-commit.ts";
import { type Series, staleSample } from "../../../../core/metrics/series.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";
import { recordLog } from "../../../support/record-log.ts";

const DAY_MS = 86_400_000;
const [HISTORY, ALL] = [7, { fromMs: 0, toMs: 1e15 }];
const shapes = new Shapes();

function open(database: Database = openMemoryDatabase(), clock = new ManualClock(1_700_006_400_000)) {
  const commits = new GroupCommit(database, 0);
  const archive = new Archive({
    blocks: new Blocks(database, commits, recordLog()),
    ids: new SeriesIds(database),
    commits,
    clock,
    keepMs: 10 * DAY_MS,
    keepCoarseMs: 30 * DAY_MS,
    isCounter: (name) => name.endsWith("_total"),
  });
  const put = (...series: Series[]): Promise<void> =>
    archive.append(HISTORY, shapes.read({ machine: "10.0.0.7", series }).points);
  const values = (range = ALL): Record<string, readonly number[]> => {
    const series = archive.series(HISTORY);
    const samples = archive.read(
      HISTORY,
      series.map(({ id }) => id),
      range,
    );
    return Object.fromEntries(series.map(({ id, name }) => [name, samples.get(id)?.values ?? []]));
  };
  const count = (level: number): number =>
    database.prepare("SELECT id FROM block WHERE level = ?").all(level).length;
  return { database, clock, archive, put, values, count };
}

test("what is stored is read, by time, before and after it is made one block, and by the next process", async () => {
  const { database, archive, put, values, clock, count } = open();
  const startMs = clock.nowMs();
  for (let i = 0; i < 5; i++) {
    await put(gauge("a", {}, i, clock.nowMs()), gauge("b_total", {}, i * 100, clock.nowMs()));
    await clock.advance(10_000);
  }
  await put(gauge("a", {}, 2, startMs + 20_000)); // once more: its answer was lost
  const expected = { a: [0, 1, 2, 3, 4], b_total: [0, 100, 200, 300, 400] };
  expect(values()).toEqual(expected);
  expect(values({ fromMs: startMs, toMs: startMs + 20_000 })).toMatchObject({ a: [1, 2] });
  expect(archive.due()).toEqual([]);
  await clock.advance(3_600_000);
  expect(archive.due()).toEqual([HISTORY]);
  await archive.compact(HISTORY);
  expect([archive.due(), count(0), count(1)]).toEqual([[], 0, 1]);
  expect(values()).toEqual(expected);
  await put(gauge("a", {}, 5, clock.nowMs()));
  expect(open(database, clock).values()).toMatchObject({ a: [0, 1, 2, 3, 4, 5] });
  await archive.compact(8);
});

test("what must not be stored is counted: from the future, too old; the end of a series is a gap", async () => {
  const { archive, put, values, clock } = open();
  const nowMs = clock.nowMs();
  await put(
    gauge("a", {}, 1, nowMs + 700_000),
    gauge("a", {}, 2, nowMs - 11 * DAY_MS),
    { ...gauge("a", {}), samples: [staleSample(nowMs)] },
    gauge("a", {}, 3, nowMs),
  );
  expect(values()).toEqual({ a: [3] });
  await put(gauge("b", {}, 1, 0));
  expect(archive.counts).toEqual({ stored: 1, future: 1, tooOld: 2 });
});

test("what cannot be written is not there, and the next push is complete again", async () => {
  const { database, put, values, clock } = open();
  const at = clock.nowMs();
  database.prepare("ALTER TABLE block RENAME TO away").all();
  await expect(put(gauge("a", {}, 1, at))).rejects.toThrow("no such table");
  database.prepare("ALTER TABLE away RENAME TO block").all();
  await put(gauge("a", {}, 2, at));
  expect(values()).toEqual({ a: [2] });
  expect(open(database, clock).values()).toEqual({ a: [2] });
});

test("a day is made coarse when it is over, and outlives the samples it was made of", async () => {
  const { archive, put, values, clock, count } = open();
  const startMs = clock.nowMs();
  for (let i = 0; i <= 12; i++) {
    await put(gauge("a", {}, i, clock.nowMs()), gauge("b_total", {}, i * 2, clock.nowMs()));
    await clock.advance(100_000);
  }
  expect(await archive.coarsen(HISTORY)).toBe(false);
  await clock.advance(DAY_MS + 7_200_000);
  await archive.compact(HISTORY);
  // The first sample, of midnight, belongs to the day that ends there.
  for (const isMore of [true, true, false]) expect(await archive.coarsen(HISTORY)).toBe(isMore);
  await clock.advance(10 * DAY_MS);
  await archive.expire();
  expect([values(), count(1), count(2)]).toEqual([{ a: [], b_total: [] }, 0, 2]);
  const [a, b] = archive.series(HISTORY).map(({ id }) => id);
  const range = { fromMs: startMs - 1, toMs: startMs + 1_200_000 };
  expect(archive.readCoarse(HISTORY, a ?? 0, "mean", range).values).toEqual([0, 2, 5, 8, 11]);
  expect(archive.readCoarse(HISTORY, a ?? 0, "max", range).values).toEqual([0, 3, 6, 9, 12]);
  expect(archive.readCoarse(HISTORY, b ?? 0, "increase", range).values).toEqual([6, 6, 6, 6]);
  expect(archive.rawSinceMs).toBe(clock.nowMs() - 10 * DAY_MS);
  await clock.advance(20 * DAY_MS);
  await archive.expire();
  expect(count(2)).toBe(0);
});
