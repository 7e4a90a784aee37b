import { afterAll, describe, expect, test } from "vitest";
import type { HostRoot } from "../../../../core/kernel/host-root.ts";
import { NamespaceScans, type ScanLimits } from "../../../../lxcfs-shim/view/namespace-scans.ts";
import {
  type FirstProcess,
  namespacePair,
  type OwnNamespaces,
} from "../../../../lxcfs-shim/view/namespaces.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const HOST = { cgroup: "cgroup:[1]", pid: "pid:[1]", mnt: "mnt:[1]" };
const own = (cgroup: number, pid: number): OwnNamespaces => ({
  cgroup: `cgroup:[${cgroup}]`,
  pid: `pid:[${pid}]`,
});

function open(limits?: ScanLimits) {
  const host = new FakeHost(cleanup.temporaryFolder());
  const asked: string[] = [];
  const root: HostRoot = {
    ...host.root,
    proc: (name) => {
      asked.push(name);
      return host.root.proc(name);
    },
  };
  const clock = new ManualClock();
  const scans = new NamespaceScans(root, HOST, clock, limits);
  const find = (cgroup: number, pid: number): FirstProcess | undefined => scans.find(own(cgroup, pid));
  return { host, asked, clock, find };
}

describe("a scan", () => {
  test("finds the oldest process of each pair, and nothing of the host", () => {
    const { host, find } = open();
    host.process(1);
    host.process(300, { cgroupNamespace: 2, pidNamespace: 2, startTicks: 10 });
    host.process(200, { cgroupNamespace: 2, pidNamespace: 2, startTicks: 20 });
    host.process(400, { cgroupNamespace: 3, pidNamespace: 2, startTicks: 30 });
    host.process(500, { pidNamespace: 4, startTicks: 40 });
    host.process(501, { pidNamespace: 4, startTicks: 40 });

    expect(find(2, 2)).toEqual({ pid: 300, startTicks: 10, pair: namespacePair(own(2, 2)) });
    expect(find(3, 2)).toMatchObject({ pid: 400, startTicks: 30 });
    expect(find(1, 4)).toMatchObject({ pid: 500, startTicks: 40 });
    expect(find(1, 1)).toBeUndefined();
  });

  test("of one namespace with the host's other: the oldest of the one", () => {
    const { host, find } = open();
    host.process(300, { cgroupNamespace: 2, pidNamespace: 2, startTicks: 10 });
    host.process(400, { cgroupNamespace: 3, pidNamespace: 2, startTicks: 20 });
    host.process(500, { pidNamespace: 2, startTicks: 30 });
    host.process(600, { cgroupNamespace: 3, startTicks: 40 });

    expect(find(1, 2)).toEqual({ pid: 300, startTicks: 10, pair: namespacePair(own(2, 2)) });
    expect(find(3, 1)).toEqual({ pid: 400, startTicks: 20, pair: namespacePair(own(3, 2)) });
  });

  test("passes over the dead, and over what nobody can parse", () => {
    const { host, find } = open();
    host.process(300, { pidNamespace: 2, state: "Z" });
    host.process(301, { pidNamespace: 2 });
    host.write("proc/301/stat", "301 (x");

    expect(find(1, 2)).toBeUndefined();
    host.process(302, { pidNamespace: 2 });
    expect(find(1, 2)?.pid).toBe(302);
  });

  test("serves everybody who asks, until who it has found is dead", () => {
    const { host, asked, find } = open();
    host.process(300, { pidNamespace: 2, startTicks: 10 });
    host.process(400, { pidNamespace: 3, startTicks: 10 });
    const looks = () => asked.filter((name) => name === "").length;

    expect([find(1, 2)?.pid, find(1, 3)?.pid, find(1, 2)?.pid, looks()]).toEqual([300, 400, 300, 1]);
    host.process(400, { pidNamespace: 3, startTicks: 20 });
    expect([find(1, 3)?.startTicks, looks()]).toEqual([20, 2]);
  });

  test("does not keep a reader for all of a large host, nor the server for long", () => {
    const { host, asked, clock, find } = open({ stepSize: 100, creditMs: 0.5 });
    for (let pid = 1000; pid < 1150; pid += 1) host.link(`proc/${pid}/ns/pid`, "pid:[1]");
    host.process(9900, { pidNamespace: 2 });
    let now = 0;
    // Each look at this clock is a millisecond later than the last: a step takes 1 ms, and the next has to wait for 2.5 more.
    clock.monotonicMs = () => now++;
    const looks = () => asked.splice(0).filter((name) => name.endsWith("/ns/pid")).length;

    expect([find(1, 2), looks()]).toEqual([undefined, 100]);
    expect([find(1, 2), looks()]).toEqual([undefined, 0]);
    now += 4;
    expect([find(1, 2)?.pid, looks()]).toEqual([9900, 51]);
  });

  test("who comes shortly after another is not turned away", () => {
    const { host, clock, find } = open();
    host.process(1);
    let now = 0;
    clock.monotonicMs = () => now++;
    const found = [];
    for (let container = 2; container < 102; container += 1) {
      host.process(container * 10, { pidNamespace: container });
      found.push(find(1, container)?.pid);
    }

    expect(found).toEqual(found.map((_, index) => (index + 2) * 10));
  });
});
