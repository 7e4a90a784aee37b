import { afterAll, describe, expect, test } from "vitest";
import { openCgroupReader } from "../../../../core/kernel/cgroup/open-reader.ts";
import { findNearbyInit } from "../../../../lxcfs-shim/view/nearby-init.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost, type FakeProcess } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const INSIDE = { cgroupNamespace: 2, pidNamespace: 2, cgroup: "/docker/web" };
const INIT = { ...INSIDE, startTicks: 100, nsPids: [41, 1] };

function openOn(processes: Readonly<Record<number, FakeProcess>>) {
  const host = new FakeHost(cleanup.temporaryFolder());
  for (const [pid, options] of Object.entries(processes)) host.process(Number(pid), options);
  const find = (pid: number) =>
    findNearbyInit({ root: host.root, reader: openCgroupReader(host.root) }, pid, "pid:[2]");
  return { host, find };
}

describe("the first process of a pid namespace", () => {
  test("is itself, or a parent's parent", () => {
    const { find } = openOn({
      41: INIT,
      50: { ...INSIDE, parent: 41, nsPids: [50, 7] },
      51: { ...INSIDE, parent: 50, nsPids: [51, 8], cgroup: "/" },
    });
    const init = { pid: 41, startTicks: 100, pidLevel: 1, pair: "cgroup:[2] pid:[2]" };

    expect([find(41), find(51)]).toEqual([init, init]);
  });

  test("is in the cgroup of what an engine has put there", () => {
    const { host, find } = openOn({
      30: { cgroup: "/docker/web" },
      41: INIT,
      60: { ...INSIDE, parent: 7, nsPids: [60, 9] },
    });
    host.cgroup("/docker/web", { "cgroup.procs": "60\n30\n" });
    host.cgroup("/docker/web/init.scope", { "cgroup.procs": "41\n" });

    expect(find(60)?.pid).toBe(41);
  });

  test("is not the first of a namespace around it or below it", () => {
    const { host, find } = openOn({
      20: { pidNamespace: 3, nsPids: [20, 1], cgroup: "/outer" },
      21: { pidNamespace: 2, nsPids: [21, 5, 2], cgroup: "/outer", parent: 20 },
      22: { pidNamespace: 4, nsPids: [22, 6, 3, 1], cgroup: "/outer", parent: 21 },
    });
    host.cgroup("/outer", { "cgroup.procs": "20\n21\n22\n" });

    expect(find(21)).toBeUndefined();
  });

  test("is not found among everybody in no cgroup, nor dead", () => {
    const { host, find } = openOn({
      41: { ...INIT, state: "Z", cgroup: "/" },
      60: { ...INSIDE, parent: 41, nsPids: [60, 9] },
      61: { ...INSIDE, parent: 7, nsPids: [61, 10], cgroup: "/" },
    });
    host.cgroup("/", { "cgroup.procs": "41\n61\n" });

    expect([find(60), find(61)]).toEqual([undefined, undefined]);
  });

  test("is looked for among so many and no more", () => {
    const { host, find } = openOn({ 9000: INIT, 9001: { ...INSIDE, parent: 7, nsPids: [9001, 9] } });
    const crowd = Array.from({ length: 600 }, (_, index) => 1000 + index);
    for (const pid of crowd) host.link(`proc/${pid}/ns/pid`, "pid:[1]");
    const list = (pids: readonly number[]) =>
      host.cgroup("/docker/web", { "cgroup.procs": `${pids.join("\n")}\n` });

    list([...crowd, 9000, 9001]);
    expect(find(9001)).toBeUndefined();
    list([...crowd.slice(200), 9000, 9001]);
    expect(find(9001)?.pid).toBe(9000);
  });

  test("is not found where a file does not read as documented", () => {
    const { host, find } = openOn({ 41: INIT, 50: { ...INSIDE, parent: 41, nsPids: [50, 7] } });
    host.write("proc/41/status", "Name:\tx\n");

    expect(find(50)).toBeUndefined();
  });
});
