import { afterAll, expect, test } from "vitest";
import { openCensus, readTaskCensus } from "../../../../lxcfs-shim/view/task-census.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function newHost(): FakeHost {
  return new FakeHost(cleanup.temporaryFolder());
}

test("counts every thread, and names the newest process as the container does", () => {
  const host = newHost();
  host.process(100, { threadStates: ["S", "R", "D", "R"], nsPids: [100, 1], startTicks: 10 });
  host.process(200, { state: "R", nsPids: [200, 7], startTicks: 30 });
  host.process(150, { state: "S", nsPids: [150, 9], startTicks: 20 });

  expect(readTaskCensus(host.root, [100, 150, 200], { init: 100, pidLevel: 1 })).toEqual({
    running: 3,
    blocked: 1,
    threads: 6,
    lastPid: 7,
  });
});

test("the numbering is the container's, not that of one nested in it", () => {
  const host = newHost();
  host.process(300, { nsPids: [300, 12, 1] });

  expect(readTaskCensus(host.root, [300], { init: 300, pidLevel: 1 }).lastPid).toBe(12);
});

test("who is in the cgroup and not in the pid namespace is counted, but has no number there", () => {
  const host = newHost();
  host.process(100, { pidNamespace: 2, nsPids: [100, 1], startTicks: 10 });
  host.process(150, { pidNamespace: 2, nsPids: [150, 9], startTicks: 20 });
  host.process(200, { state: "R", nsPids: [200], startTicks: 30 });
  host.process(250, { pidNamespace: 3, nsPids: [250, 77], startTicks: 40 });
  const container = { init: 100, pidLevel: 1 };

  expect(readTaskCensus(host.root, [100, 150, 200, 250], container)).toMatchObject({
    running: 1,
    threads: 4,
    lastPid: 9,
  });
  expect(readTaskCensus(host.root, [200], container).lastPid).toBe(0);
});

test("a process that ended meanwhile is not there", () => {
  expect(readTaskCensus(newHost().root, [4711], { init: 1, pidLevel: 0 })).toEqual({
    running: 0,
    blocked: 0,
    threads: 0,
    lastPid: 0,
  });
});

test("the processes of the root cgroup are nobody's", () => {
  const host = newHost();
  host.process(1, { state: "R" });
  host.cgroup("", { "cgroup.procs": "1\n" });
  host.cgroup("/web", { "cgroup.procs": "1\n" });
  const census = openCensus(host.root);
  const container = { key: "k", init: 1, startTicks: 1, pidLevel: 0 };

  const at = (unified: string) => census({ ...container, cgroup: { unified, controllers: new Map() } });
  expect(at("/").threads).toBe(0);
  expect(at("/web").running).toBe(1);
});
