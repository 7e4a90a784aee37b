import { expect, test } from "vitest";
import { archiveReader } from "../../../../collector/history/archive-reader.ts";
import type { HistoryReader } from "../../../../collector/history/reader.ts";
import type { History } from "../../../../collector/inventory/history-record.ts";
import { Recent } from "../../../../collector/recent/recent.ts";
import { Recollection } from "../../../../collector/recent/recollection.ts";
import { Shapes } from "../../../../collector/shapes.ts";
import { isCounter, openTestArchive } from "../../../support/archive-with.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";
import { recordLog } from "../../../support/record-log.ts";

const IP = "10.0.0.7";
const [START_MS, MINUTE_MS] = [1_700_000_040_000, 60_000];

function open(
  reader: HistoryReader | undefined,
  clock: ManualClock,
  ...machines: readonly Partial<History>[]
) {
  const [recent, log] = [new Recent(), recordLog()];
  const known = machines.map(
    (one, index): History => ({
      ...{
        id: index + 1,
        ip: IP,
        owner: undefined,
        firstSeenMs: 0,
        lastSeenMs: clock.nowMs(),
        generations: [],
      },
      ...one,
    }),
  );
  const inventory = { machines: () => known.values() as never };
  return { recent, log, recollection: new Recollection({ recent, reader, inventory, clock, log }) };
}

const memory = (free: number, atMs: number) => [
  gauge("node_memory_MemTotal_bytes", { business: "shop" }, 100, atMs),
  gauge("node_memory_MemAvailable_bytes", { business: "shop" }, free, atMs),
];

test("after a start the last hour is out of history; what is heard meanwhile stays", async () => {
  const clock = new ManualClock(START_MS);
  const { archive, put } = openTestArchive(clock);
  await clock.advance(40 * MINUTE_MS);
  for (let i = 0; i < 40; i++) await put(...memory(80, START_MS + i * MINUTE_MS + 30_000));
  const { recent, recollection } = open(archiveReader(archive, isCounter), clock, {});
  const lastMs = START_MS + 39 * MINUTE_MS + 45_000;
  recent.observe(new Shapes().read({ machine: IP, series: memory(10, lastMs) }));
  expect(await recollection.round()).toBe(true);
  const glance = recent.glance(IP);
  expect(glance?.course("memory", clock.nowMs() - 1)).toEqual([
    ...Array(20).fill(undefined),
    ...Array(39).fill(expect.closeTo(0.2)),
    expect.closeTo(0.9),
  ]);
  expect(glance?.labels).toEqual({ business: "shop" });
  expect(await recollection.round()).toBe(false);
});

test("one that is heard of elsewhere is read again, one that is heard of here is not", async () => {
  const clock = new ManualClock(START_MS);
  let reads = 0;
  const reader: HistoryReader = {
    samples: async () => [],
    windows: async () => {
      reads++;
      return [];
    },
    close: async () => {},
  };
  const gone = { atMs: 0, why: "released" };
  const [here, elsewhere] = [{}, { ip: "10.0.0.8", lastSeenMs: START_MS + 600_000 }];
  const others = [{ ended: gone }, { lastSeenMs: START_MS - 3_600_001 }];
  const { recent, recollection } = open(reader, clock, here, elsewhere, ...others);
  while (await recollection.round());
  expect(reads).toBe(2);
  await clock.advance(301_000);
  recent.observe(new Shapes().read({ machine: IP, series: memory(50, clock.nowMs()) }));
  while (await recollection.round());
  expect(reads).toBe(3);
});

test("one that has come since the start, and is heard of here, has nothing else to remember", async () => {
  const clock = new ManualClock(START_MS);
  const { archive } = openTestArchive(clock);
  const born = { firstSeenMs: START_MS + 1000 };
  const { recent, recollection } = open(archiveReader(archive, isCounter), clock, born);
  recent.observe(new Shapes().read({ machine: IP, series: memory(50, START_MS) }));
  expect(await recollection.round()).toBe(false);
  await clock.advance(300_000);
  expect(await recollection.round()).toBe(true);
});

test("a reader that is away is told once, and asked again later; without one there is nothing", async () => {
  const clock = new ManualClock(START_MS);
  const reader: HistoryReader = {
    samples: async () => [],
    windows: () => Promise.reject(new Error("no answer")),
    close: async () => {},
  };
  const { recollection, log } = open(reader, clock, {}, { ip: "10.0.0.8" });
  const stop = new AbortController();
  const running = recollection.run(stop.signal);
  await clock.advance(310_000);
  stop.abort();
  await running;
  expect(log.lines.map(({ message }) => message)).toEqual(["the last hour cannot be read"]);
  expect(await open(undefined, clock, {}).recollection.round()).toBe(false);
});
