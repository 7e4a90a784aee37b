import { expect, test } from "vitest";
import { archiveReader } from "../../../../collector/history/archive-reader.ts";
import { isCounter, openTestArchive } from "../../../support/archive-with.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";

const START_MS = Date.UTC(2026, 0, 1);
const HISTORY = { id: 1, ip: "10.0.0.7", owner: undefined, firstSeenMs: 0, lastSeenMs: 0, generations: [] };

test("the series that are wanted, of those the ones with samples", async () => {
  const clock = new ManualClock(START_MS + 120_000);
  const { archive, put } = openTestArchive(clock);
  for (const i of [1, 2]) {
    const atMs = START_MS + i * 60_000;
    await put(
      gauge("load", { cpu: "0" }, i, atMs),
      gauge("load", { cpu: "1" }, i, atMs),
      gauge("seen_total", {}, i * 10, atMs),
    );
  }
  await put(gauge("load", { cpu: "2" }, 9, START_MS - 60_000));
  const reader = archiveReader(archive, isCounter);
  const range = { fromMs: START_MS, toMs: START_MS + 120_000 };
  const wanted = {
    names: ["load"],
    needs: ({ labels }: { labels: object }) => !("cpu" in labels && labels.cpu === "1"),
  };
  expect(await reader.samples(HISTORY, wanted, range)).toMatchObject([
    { series: { labels: { cpu: "0" } }, samples: { values: [1, 2] } },
  ]);
  const counters = { names: ["seen_total", "unheard_of"], needs: () => true };
  expect(await reader.windows(HISTORY, counters, { ...range, stepMs: 60_000 })).toMatchObject([
    { series: { name: "seen_total" }, windows: { kind: "counter", increase: { values: [10] } } },
  ]);
  await reader.close();
});
