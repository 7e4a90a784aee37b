import { afterAll, expect, test } from "vitest";
import { Catalog } from "../../../../collector/catalog.ts";
import { archiveReader } from "../../../../collector/history/archive-reader.ts";
import { historyRoutes } from "../../../../collector/routes/history.ts";
import { openTestArchive } from "../../../support/archive-with.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";

const START_MS = Date.UTC(2026, 0, 1);
const clock = new ManualClock(START_MS);
const data = await openTestData(clock);
afterAll(() => data.close());
const { archive, put } = openTestArchive(clock);
const container = (name: string) => ({
  ...{ owner: "o", generation: 1, container: name, image: undefined, host: undefined },
});
data.inventory.observe("10.0.0.7", container("c"));
for (let i = 0; i < 4; i++) {
  await clock.advance(30_000);
  const at = clock.nowMs();
  await put(
    gauge("load", { cpu: "0" }, i, at),
    gauge("load", { cpu: "1" }, Number.NaN, at),
    gauge("b_total", {}, i * 30, at),
  );
}
data.inventory.observe("10.0.0.7", container("d"));
data.commits.flush();
const catalog = new Catalog();
const reader = archiveReader(archive, (name) => catalog.isCounter(name));
const parts = { ...data, reader, clock };
const [series, compare, events] = historyRoutes(parts);

async function ask(route: typeof series, query: Record<string, string>, ip = "10.0.0.7") {
  return JSON.parse((await askRoute(route, { ip }, query)).text);
}

test("samples of a name, narrowed by labels", async () => {
  expect(await ask(series, { name: "load", cpu: "0" })).toEqual({
    ...{ ip: "10.0.0.7", history: 1, from: "2025-12-31T23:02:00.000Z", to: "2026-01-01T00:02:00.000Z" },
    series: [
      {
        name: "load",
        labels: { cpu: "0" },
        points: [0, 1, 2, 3].map((i) => [START_MS + (i + 1) * 30_000, i]),
      },
    ],
  });
  const { series: both } = await ask(series, { name: "load", from: "40s" });
  expect(
    both.map(({ points }: { points: unknown[] }) => points.map((point) => (point as unknown[])[1])),
  ).toEqual([
    [2, 3],
    ["NaN", "NaN"],
  ]);
});

test("windows of a step: mean and greatest value, of a counter its rate", async () => {
  const { series: windows } = await ask(series, { name: "load", cpu: "0", step: "1m" });
  expect(windows).toMatchObject([
    {
      kind: "gauge",
      mean: [
        [START_MS + 60_000, 0.5],
        [START_MS + 120_000, 2.5],
      ],
      max: [
        [START_MS + 60_000, 1],
        [START_MS + 120_000, 3],
      ],
    },
  ]);
  const counters = await ask(series, { name: "b_total", step: "1m" });
  expect(counters).toMatchObject({
    stepSeconds: 60,
    series: [
      {
        kind: "counter",
        perSecond: [
          [START_MS + 60_000, 0.5],
          [START_MS + 120_000, 1],
        ],
      },
    ],
  });
});

test("the comparison names what it compares, and the generations", async () => {
  expect(await ask(compare, { metric: "memory", with: "1d" })).toMatchObject({
    ...{ metric: "memory", unit: "ratio", change: null, stepSeconds: 300 },
    now: { mean: null, points: [] },
    before: { from: "2025-12-30T00:05:00.000Z" },
    generations: [{ container: "c" }, { container: "d", started: "2026-01-01T00:02:00.000Z" }],
  });
});

test("events, the latest of a range", async () => {
  const { events: all } = await ask(events, {});
  expect(all.map(({ kind }: { kind: string }) => kind)).toEqual(["first-seen", "rebuilt"]);
  expect((await ask(events, { limit: "1" })).events).toMatchObject([
    { kind: "rebuilt", detail: { container: "d" } },
  ]);
});

test.for<[string, typeof series, Record<string, string>, string, number]>([
  ["which series", series, {}, "10.0.0.7", 400],
  ["nothing has been heard of 10.0.0.8", series, { name: "a" }, "10.0.0.8", 404],
  ["nothing has been heard of 10.0.0.7", series, { name: "a", history: "9" }, "10.0.0.7", 404],
  ["nothing has been heard of x", events, {}, "x", 404],
  ["metric: one of cpu, memory, disk, network", compare, { metric: "heat" }, "10.0.0.7", 400],
  ["limit: how many", events, { limit: "-1" }, "10.0.0.7", 400],
  ["more than 11000 points", series, { name: "load", from: "7d", step: "1s" }, "10.0.0.7", 400],
])("%s", async ([message, route, query, ip, status]) => {
  await expect(ask(route, query, ip)).rejects.toMatchObject({
    status,
    message: expect.stringContaining(message),
  });
});

test("without a history it is said why", async () => {
  const [none] = historyRoutes({ ...parts, reader: undefined });
  await expect(ask(none, { name: "a" })).rejects.toThrow("no history is kept");
});
