import { expect, test } from "vitest";
import { openNotebook } from "../../../../lxcfs-shim/succession/notebook.ts";
import type { Container } from "../../../../lxcfs-shim/view/container.ts";
import {
  type LoadChannel,
  type LoadMessage,
  openLoadAverages,
  type WatchMessage,
} from "../../../../lxcfs-shim/view/load-averages.ts";
import type { TaskCensus } from "../../../../lxcfs-shim/view/task-census.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const container: Container = {
  key: "web",
  init: 1,
  startTicks: 1,
  pidLevel: 0,
  cgroup: { unified: "/web", controllers: new Map() },
};

function counted(running: number, threads = running): TaskCensus {
  return { running, blocked: 0, threads, lastPid: 1 };
}

/** A container whose tasks a test sets, and how often they were counted. */
function countingCensus(initial: TaskCensus) {
  const state = { tasks: initial, counts: 0 };
  const census = (): TaskCensus => {
    state.counts += 1;
    return state.tasks;
  };
  return { state, census };
}

const hourOld = (): number => 3600;

function memoryChannel() {
  const sent: WatchMessage[] = [];
  const waiting: LoadMessage[] = [];
  const channel: LoadChannel = { send: (message) => sent.push(message), poll: () => waiting.shift() };
  return { sent, waiting, channel };
}

test("the first value of a busy container is not 0", () => {
  const { census } = countingCensus({ running: 2, blocked: 1, threads: 9, lastPid: 4 });
  const first = (age: number) =>
    openLoadAverages({ census, clock: new ManualClock() }).read(container, () => age).load;

  expect(first(86_400)).toEqual([3 * 2048, 3 * 2048, 3 * 2048]);
  expect(first(2)[0]).toBeGreaterThan(0);
  expect(first(2)[0]).toBeLessThan(2048);
});

test("without a sampler a read takes the steps since the last one", async () => {
  const clock = new ManualClock();
  const { state, census } = countingCensus(counted(0));
  const loads = openLoadAverages({ census, clock });
  loads.read(container, hourOld);
  state.tasks = counted(1);
  await clock.advance(12_000);

  // Two steps, the third is not due for another 3 s.
  expect(loads.read(container, hourOld).load[0]).toBe(315);
  await clock.advance(3000);
  expect(loads.read(container, hourOld).load[0]).toBeGreaterThan(315);
});

test("a small container is counted at each read, a large one at each sample", async () => {
  const clock = new ManualClock();
  const small = countingCensus(counted(1, 64));
  const large = countingCensus(counted(1, 65));
  for (const { census } of [small, large]) {
    const loads = openLoadAverages({ census, clock });
    loads.read(container, hourOld);
    loads.read(container, hourOld);
    await clock.advance(100);
    loads.read(container, hourOld);
  }

  expect([small.state.counts, large.state.counts]).toEqual([2, 1]);
});

test("with a sampler the container is watched, and its figures are taken over", async () => {
  const clock = new ManualClock();
  const { sent, waiting, channel } = memoryChannel();
  const { census } = countingCensus(counted(1, 100));
  const loads = openLoadAverages({ census, clock, channel });
  loads.read(container, hourOld);
  expect(sent).toEqual([{ container, load: [2048, 2048, 2048] }]);

  await clock.advance(5000);
  waiting.push([
    { key: "web", reading: { load: [1, 2, 3], census: counted(4, 100) } },
    { key: "unknown", reading: { load: [9, 9, 9], census: counted(9) } },
  ]);
  expect(loads.read(container, hourOld)).toEqual({ load: [1, 2, 3], census: counted(4, 100) });
  expect(sent).toHaveLength(1);

  await clock.advance(60_000);
  loads.read(container, hourOld);
  expect(sent).toHaveLength(2);
});

test("a successor goes on from where the averages stood", async () => {
  const clock = new ManualClock();
  const notebook = openNotebook();
  const { state, census } = countingCensus(counted(4));
  openLoadAverages({ census, clock, notebook }).read(container, hourOld);
  state.tasks = counted(0);
  await clock.advance(5000);

  // One step down from 4, not a new beginning at 0.
  const [load = 0] = openLoadAverages({ census, clock, notebook }).read(container, hourOld).load;
  expect(load).toBeGreaterThan(3.5 * 2048);
  expect(load).toBeLessThan(4 * 2048);
});

test("a sampler that is late is not waited for", async () => {
  const clock = new ManualClock();
  const { channel } = memoryChannel();
  const { state, census } = countingCensus(counted(0, 100));
  const loads = openLoadAverages({ census, clock, channel });
  loads.read(container, hourOld);
  state.tasks = counted(1, 100);
  await clock.advance(14_000);
  expect(loads.read(container, hourOld).load[0]).toBe(0);
  await clock.advance(1000);
  expect(loads.read(container, hourOld).load[0]).toBeGreaterThan(0);
});
