import { expect, test } from "vitest";
import type { Container } from "../../../../lxcfs-shim/view/container.ts";
import type { LoadMessage } from "../../../../lxcfs-shim/view/load-averages.ts";
import { openLoadSampler } from "../../../../lxcfs-shim/view/load-sampler.ts";
import type { TaskCensus } from "../../../../lxcfs-shim/view/task-census.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

function containerNamed(key: string): Container {
  return { key, init: 1, startTicks: 1, pidLevel: 0, cgroup: { unified: `/${key}`, controllers: new Map() } };
}

const busy: TaskCensus = { running: 1, blocked: 0, threads: 1, lastPid: 1 };

function openTestSampler(
  census: (container: Container) => TaskCensus = () => busy,
  clock = new ManualClock(),
) {
  const sent: LoadMessage[] = [];
  const sampler = openLoadSampler({ census, clock, send: (message) => sent.push(message) });
  return { sampler, clock, sent };
}

test("takes one step for each five seconds, until it is told to stop", async () => {
  const { sampler, clock, sent } = openTestSampler();
  const stop = new AbortController();
  sampler.watch({ container: containerNamed("a"), load: [0, 0, 0] });
  const running = sampler.run(stop.signal);
  await clock.advance(60_000);

  // The kernel's figure for a minute of one task, 0.63.
  expect(sent).toHaveLength(12);
  expect(sent.at(-1)?.[0]?.reading.load[0]).toBe(1299);
  stop.abort();
  await running;
});

test("says nothing when nobody reads", async () => {
  const { sampler, sent } = openTestSampler();
  sampler.sample();

  expect(sent).toEqual([]);
});

test("a container read again keeps its averages, one nobody reads is forgotten", async () => {
  const { sampler, clock, sent } = openTestSampler();
  sampler.watch({ container: containerNamed("a"), load: [2048, 0, 0] });
  await clock.advance(290_000);
  sampler.watch({ container: containerNamed("a"), load: [0, 0, 0] });
  await clock.advance(20_000);
  sampler.sample();
  expect(sent.at(-1)?.[0]?.reading.load[0]).toBe(2048);

  await clock.advance(300_000);
  sampler.sample();
  expect(sent).toHaveLength(1);
});

test("a container that ended is forgotten", () => {
  let tasks = busy;
  const { sampler, sent } = openTestSampler(() => tasks);
  sampler.watch({ container: containerNamed("a"), load: [0, 0, 0] });
  tasks = { ...busy, threads: 0 };
  sampler.sample();
  tasks = busy;
  sampler.sample();

  expect(sent).toEqual([]);
});

test("a round has a limit, and the next one begins where it ended", async () => {
  const clock = new ManualClock();
  const slow = (): TaskCensus => {
    void clock.advance(0);
    return busy;
  };
  const times: string[] = [];
  const { sampler } = openTestSampler(({ key }) => {
    times.push(key);
    return slow();
  }, withSlowCensus(clock));
  for (const key of ["a", "b", "c"]) sampler.watch({ container: containerNamed(key), load: [0, 0, 0] });
  sampler.sample();
  sampler.sample();

  expect(times).toEqual(["a", "b", "c", "a"]);
});

/** Each look at this clock takes 90 ms. */
function withSlowCensus(clock: ManualClock): ManualClock {
  let looks = 0;
  clock.monotonicMs = () => {
    looks += 1;
    return looks * 90;
  };
  return clock;
}
