import { expect, test } from "vitest";
import { Survey } from "../../../../collector/capacity/survey.ts";
import type { HistoryReader } from "../../../../collector/history/reader.ts";
import type { History } from "../../../../collector/inventory/history-record.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

function open(count: number) {
  const clock = new ManualClock();
  const machines: History[] = Array.from({ length: count }, (_, i) => ({
    ...{ id: i + 1, ip: `10.0.0.${i + 1}`, owner: undefined, firstSeenMs: 0, lastSeenMs: 0, generations: [] },
  }));
  const asked: string[] = [];
  const state = { isBroken: false, windows: 672 };
  const reader: HistoryReader = {
    samples: async () => [],
    windows: async ({ ip }, { names }, { fromMs }) => {
      if (state.isBroken) throw new Error("no answer");
      if (asked.at(-1) !== ip) asked.push(ip);
      const times = Array.from({ length: state.windows }, (_, i) => fromMs + (i + 1) * 900_000);
      const samples = { times, values: times.map(() => 1) };
      return state.windows === 0
        ? []
        : names.map((name) => ({
            series: { name, labels: {} },
            windows: { kind: "gauge", mean: samples, max: samples },
          }));
    },
    close: async () => {},
  };
  const log = recordLog();
  const survey = new Survey({
    reader,
    inventory: { machines: () => machines.values() as never },
    clock,
    log,
  });
  return { survey, machines, asked, state, clock, log };
}

test("each machine in turn, again after an hour", async () => {
  const { survey, asked, clock } = open(2);
  expect([...survey.machines()].map(({ usage }) => usage)).toEqual([undefined, undefined]);
  expect([await survey.round(), await survey.round(), await survey.round()]).toEqual([true, true, false]);
  expect([...survey.machines()].map(({ usage }) => usage?.memory?.limit)).toEqual([1, 1]);
  await clock.advance(3_599_000);
  expect(await survey.round()).toBe(false);
  await clock.advance(1000);
  expect([await survey.round(), await survey.round(), await survey.round()]).toEqual([true, true, false]);
  expect(asked).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2"]);
});

test.for([
  [0, 0, 10_000],
  [20, 0, 1_800_000],
  [0, 600_000, 60_000],
  [0, 86_400_000, 3_600_000],
] as const)("%i windows, heard of %i ms ago: again after %i ms", async ([windows, agoMs, afterMs]) => {
  const { survey, machines, clock, state } = open(1);
  state.windows = windows;
  const [first] = machines;
  if (first !== undefined) machines[0] = { ...first, firstSeenMs: clock.nowMs() - agoMs };
  expect([await survey.round(), await survey.round()]).toEqual([true, false]);
  await clock.advance(afterMs - 1);
  expect(await survey.round()).toBe(false);
  await clock.advance(1);
  expect(await survey.round()).toBe(true);
});

test("a machine that is released is none of the fleet", async () => {
  const { survey, machines } = open(2);
  const [first] = machines;
  if (first !== undefined) machines[0] = { ...first, ended: { atMs: 1, why: "released" } };
  expect([await survey.round(), await survey.round()]).toEqual([true, false]);
  expect([...survey.machines()].map(({ history }) => history.ip)).toEqual(["10.0.0.2"]);
});

test("what cannot be read is told once, and read when it can be", async () => {
  const { survey, state, log } = open(1);
  state.isBroken = true;
  expect([await survey.round(), await survey.round()]).toEqual([false, false]);
  expect(log.lines).toHaveLength(1);
  state.isBroken = false;
  expect(await survey.round()).toBe(true);
});

test("it goes on until it is told to end", async () => {
  const { survey, asked, clock } = open(3);
  const stop = new AbortController();
  const running = survey.run(stop.signal);
  for (let i = 0; i < 10 && asked.length < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(20);
  }
  expect(asked).toHaveLength(3);
  stop.abort();
  await running;
});
