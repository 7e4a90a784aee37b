import { expect, test } from "vitest";
import { gauge, point } from "../../../agent/metric.ts";
import { Pipeline } from "../../../agent/pipeline.ts";
import { offsetMs } from "../../../agent/schedule.ts";
import type { Answer } from "../../../agent/sources/types.ts";
import type { Batch, Labels } from "../../../core/metrics/series.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";

const METRIC = gauge("m", "");

type Sample = (nowMs: number) => Promise<readonly Answer[]>;

const SAMPLE: Sample = async (nowMs) => [{ source: "s", atMs: nowMs, series: [point(METRIC, {}, 1, nowMs)] }];

function open(identity: () => Labels | undefined, sample: Sample = SAMPLE) {
  const clock = new ManualClock();
  const offered: Batch[] = [];
  const pipeline = new Pipeline({
    sample,
    identity: { labels: async () => identity() },
    outlets: [{ offer: async (batch) => void offered.push(batch) }],
    intervalMs: 10_000,
    clock,
    ticks: clock,
  });
  const stop = new AbortController();
  const times = (): (number | undefined)[] => offered.map(({ series }) => series[0]?.samples[0]?.timestampMs);
  return { clock, offered, pipeline, stop, times, running: pipeline.run(stop.signal) };
}

test("samples at once, then at the instance's place in each interval, and once more when stopped", async () => {
  const { clock, times, stop, running, offered } = open(() => ({ instance: "10.0.0.7" }));
  const start = clock.nowMs();
  await clock.advance(45_000);
  const [first, ...rest] = times();
  expect(first).toBe(start);
  expect(rest.length).toBeGreaterThanOrEqual(4);
  expect(new Set(rest.map((time = 0) => time % 10_000))).toEqual(new Set([offsetMs("10.0.0.7", 10_000)]));

  const before = times().length;
  stop.abort();
  await running;
  expect(times()).toHaveLength(before + 2);
  expect(offered.at(-1)?.series).toMatchObject([{ name: "m", samples: [{ stale: true }] }]);
});

test("every batch carries the identity of its time, and another identity ends the series of the one before", async () => {
  let ip = "10.0.0.7";
  const { clock, offered } = open(() => ({ instance: ip }));
  await settle();
  ip = "10.0.0.8";
  await clock.advance(15_000);

  expect(offered.map(({ identity, series }) => [identity.instance, series[0]?.samples[0]?.stale])).toEqual([
    ["10.0.0.7", undefined],
    ["10.0.0.7", true],
    ["10.0.0.8", undefined],
  ]);
});

test("a series that another source goes on with has one value at a time, and does not end", async () => {
  let source = "textfile";
  const labels = { a: "1", b: "2" };
  const { clock, offered } = open(
    () => ({ instance: "10.0.0.7" }),
    async (nowMs) =>
      ["s", "textfile"].map((name) => ({
        source: name,
        atMs: nowMs,
        series: [
          ...(name === source ? [point(METRIC, name === "s" ? { b: "2", a: "1" } : labels, 1, nowMs)] : []),
          ...(source === "textfile" ? [point(METRIC, { of: name }, 1, nowMs)] : []),
        ],
      })),
  );
  await settle();
  source = "s";
  await clock.advance(10_000);

  const stale = offered.at(-1)?.series.map(({ labels, samples }) => [labels, samples[0]?.stale === true]);
  expect(stale).toEqual([
    [labels, false],
    [{ of: "s" }, true],
    [{ of: "textfile" }, true],
  ]);
});

test("without an address samples wait, in order; what waits too long is dropped and counted", async () => {
  let labels: Labels | undefined;
  const { clock, offered, pipeline, times } = open(() => labels);
  await clock.advance(31 * 10_000);
  expect(offered).toEqual([]);
  const dropped = pipeline.droppedSamples;
  expect(dropped).toBeGreaterThan(0);
  labels = { instance: "10.0.0.7" };
  await clock.advance(10_000);

  expect(offered.length).toBe(31);
  expect(times()).toEqual([...times()].sort());
  expect(pipeline.droppedSamples).toBe(dropped);
});
