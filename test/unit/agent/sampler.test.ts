import { expect, test } from "vitest";
import { gauge, point } from "../../../agent/metric.ts";
import { Sampler } from "../../../agent/sampler.ts";
import { NoData } from "../../../agent/source-kind.ts";
import type { Source } from "../../../agent/sources/types.ts";
import type { Series } from "../../../core/metrics/series.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { recordLog } from "../../support/record-log.ts";

const refuse = () => Promise.reject(new Error("not asked for"));
const UNASKED = { load: refuse, list: refuse, statfs: refuse };

async function page(sampler: Sampler, nowMs: number): Promise<readonly Series[]> {
  return (await sampler.sample(nowMs)).flatMap(({ series }) => series);
}

function source(name: string, sample: Source["sample"]): Source {
  return { name, sample };
}

function one(name: string): Source {
  return source(name, async ({ nowMs, read }) => [
    point(gauge(`node_${name}`, ""), {}, Number(await read("/x")), nowMs),
  ]);
}

test("a series that a page has beside a source of ours is left out, and told once", async () => {
  const log = recordLog();
  const textfile = source("textfile", async ({ nowMs }) => [
    point(gauge("node_a", ""), {}, 9, nowMs),
    point(gauge("mine", ""), {}, 1, nowMs),
  ]);
  const sampler = new Sampler({
    sources: [textfile, one("a")],
    read: async () => "7",
    ...UNASKED,
    clock: new ManualClock(),
    log,
  });
  for (const nowMs of [1000, 2000]) {
    const named = (await page(sampler, nowMs)).filter(({ name }) => ["node_a", "mine"].includes(name));
    expect(named.map(({ name, samples }) => [name, samples[0]?.value])).toEqual(
      expect.arrayContaining([
        ["node_a", 7],
        ["mine", 1],
      ]),
    );
    expect(named).toHaveLength(2);
  }

  expect(log.lines.map(({ fields }) => fields.series)).toEqual(["node_a"]);
});

test("a series stays left out at the ticks at which the source of ours is not asked", async () => {
  const log = recordLog();
  const textfile = source("textfile", async ({ nowMs }) => [point(gauge("node_a", ""), {}, 9, nowMs)]);
  const sampler = new Sampler({
    sources: [textfile, { ...one("a"), intervalMs: 60_000 }],
    read: async () => "7",
    ...UNASKED,
    clock: new ManualClock(),
    log,
  });
  const values: (number | undefined)[] = [];
  for (const nowMs of [0, 10_000, 20_000, 60_000]) {
    const named = (await page(sampler, nowMs)).filter(({ name }) => name === "node_a");
    values.push(...named.map(({ samples }) => samples[0]?.value));
  }

  expect(values).toEqual([7, 7]);
  expect(log.lines).toHaveLength(1);
});

test("what a program prints now and then is told once too", async () => {
  const log = recordLog();
  const exec = source("exec", async ({ nowMs }) => [point(gauge("node_a", ""), {}, 9, nowMs)]);
  const sampler = new Sampler({
    sources: [{ ...exec, intervalMs: 60_000 }, one("a")],
    read: async () => "7",
    ...UNASKED,
    clock: new ManualClock(),
    log,
  });
  for (const nowMs of [0, 10_000, 60_000, 70_000]) await sampler.sample(nowMs);

  expect(log.lines.map(({ fields }) => fields.series)).toEqual(["node_a"]);
});

test("one failing source costs its own family; success and duration say so; changes are logged", async () => {
  const log = recordLog();
  let isBroken = true;
  const flaky = source("flaky", async () => {
    if (isBroken) throw new Error("gone");
    return [];
  });
  const sampler = new Sampler({
    sources: [one("a"), flaky, one("b")],
    read: async () => "7",
    ...UNASKED,
    clock: new ManualClock(),
    log,
  });
  const values = async (): Promise<Record<string, number | undefined>> =>
    Object.fromEntries(
      (await page(sampler, 1000)).map(({ name, labels, samples }) => [
        `${name}:${labels.collector ?? ""}`,
        samples[0]?.value,
      ]),
    );

  expect(await values()).toEqual({
    "node_a:": 7,
    "node_b:": 7,
    "node_scrape_collector_duration_seconds:a": 0,
    "node_scrape_collector_duration_seconds:b": 0,
    "node_scrape_collector_duration_seconds:flaky": 0,
    "node_scrape_collector_success:a": 1,
    "node_scrape_collector_success:b": 1,
    "node_scrape_collector_success:flaky": 0,
  });
  await values();
  isBroken = false;
  expect(await values()).toMatchObject({ "node_scrape_collector_success:flaky": 1 });
  expect(log.lines.map(({ message, fields }) => [message, fields])).toEqual([
    ["source failed", { source: "flaky", problem: "gone" }],
    ["source answers again", { source: "flaky" }],
  ]);
});

test("a file is read once per tick, however many ask", async () => {
  let reads = 0;
  const read = async (): Promise<string> => String(++reads);
  const sampler = new Sampler({
    sources: [one("a"), one("b")],
    read,
    ...UNASKED,
    clock: new ManualClock(),
    log: recordLog(),
  });
  const first = await page(sampler, 0);
  const second = await page(sampler, 1);

  expect(reads).toBe(2);
  expect([first, second].map((all) => all.map(({ samples }) => samples[0]?.value).slice(0, 1))).toEqual([
    [1],
    [2],
  ]);
});

test("a source that hangs delays nobody else's answer beyond its own deadline", async () => {
  const clock = new ManualClock();
  const slow = source("slow", async () => {
    await clock.sleep(1000);
    throw new Error("stuck");
  });
  const sampler = new Sampler({
    sources: [slow, one("a")],
    read: async () => "1",
    ...UNASKED,
    clock,
    log: recordLog(),
  });
  const asked = page(sampler, 0);
  await clock.advance(1000);

  expect((await asked).find(({ name }) => name === "node_a")).toBeDefined();
});

function counting(name: string, intervalMs?: number): Source & { asked: number[] } {
  const asked: number[] = [];
  return {
    ...source(name, async ({ nowMs }) => {
      asked.push(nowMs);
      return [point(gauge(name, ""), {}, asked.length, nowMs)];
    }),
    intervalMs,
    asked,
  };
}

test("a source with an interval of its own is asked at the tick at which that has passed", async () => {
  const each = counting("each");
  const slow = counting("slow", 30_000);
  const sampler = new Sampler({
    sources: [each, slow],
    read: refuse,
    ...UNASKED,
    clock: new ManualClock(),
    log: recordLog(),
  });
  for (const nowMs of [5, 10_000, 20_003, 30_001, 40_000, 0]) await sampler.sample(nowMs);

  expect(each.asked).toHaveLength(6);
  expect(slow.asked).toEqual([5, 30_001, 0]);
});

test("who is slow holds nobody up: the answer comes with a later tick, under the time of its question", async () => {
  const clock = new ManualClock();
  let finish: () => void = () => {};
  const slow = source("slow", async ({ nowMs }) => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return [point(gauge("late", ""), {}, 1, nowMs)];
  });
  const sampler = new Sampler({
    sources: [slow, one("a")],
    read: async () => "1",
    ...UNASKED,
    clock,
    log: recordLog(),
  });
  const first = sampler.sample(0);
  await clock.advance(2000);
  expect((await first).map((answer) => answer.source)).toEqual(["a"]);
  const second = sampler.sample(10_000);
  await clock.advance(2000);
  expect((await second).map((answer) => answer.source)).toEqual(["a"]);
  finish();
  await settle();
  const third = sampler.sample(20_000);
  await clock.advance(2000);

  expect((await third).map(({ source, atMs }) => [source, atMs])).toEqual([
    ["slow", 0],
    ["a", 20_000],
  ]);
});

test("a source that finds nothing here is silent; one that is a target speaks for itself", async () => {
  const log = recordLog();
  const none = source("none", () => Promise.reject(new NoData()));
  const target: Source = { ...counting("up"), isTarget: true };
  const clock = new ManualClock();
  const sampler = new Sampler({ sources: [none, target], read: refuse, ...UNASKED, clock, log });

  expect((await page(sampler, 0)).map(({ name }) => name)).toEqual(["up"]);
  const asked = await sampler.sample(10_000);
  expect(asked.map((answer) => answer.source)).toEqual(["up"]);
  expect((await sampler.sample(610_000)).map((answer) => answer.source)).toEqual(["none", "up"]);
  expect(log.lines).toEqual([]);
});
