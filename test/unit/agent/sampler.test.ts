import { expect, test } from "vitest";
import { gauge, point } from "../../../agent/metric.ts";
import { Sampler } from "../../../agent/sampler.ts";
import type { Source } from "../../../agent/sources/types.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordLog } from "../../support/record-log.ts";

const noStatfs = () => Promise.reject(new Error("not asked for"));

function source(name: string, sample: Source["sample"]): Source {
  return { name, sample };
}

function one(name: string): Source {
  return source(name, async ({ nowMs, read }) => [
    point(gauge(`node_${name}`, ""), {}, Number(await read("/x")), nowMs),
  ]);
}

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
    statfs: noStatfs,
    clock: new ManualClock(),
    log,
  });
  const values = async (): Promise<Record<string, number | undefined>> =>
    Object.fromEntries(
      (await sampler.sample(1000)).map(({ name, labels, samples }) => [
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
    statfs: noStatfs,
    clock: new ManualClock(),
    log: recordLog(),
  });
  const first = await sampler.sample(0);
  const second = await sampler.sample(1);

  expect(reads).toBe(2);
  expect([first, second].map((page) => page.map(({ samples }) => samples[0]?.value).slice(0, 1))).toEqual([
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
    statfs: noStatfs,
    clock,
    log: recordLog(),
  });
  const page = sampler.sample(0);
  await clock.advance(1000);

  expect((await page).find(({ name }) => name === "node_a")).toBeDefined();
});
