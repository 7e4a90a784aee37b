import { afterAll, describe, expect, test } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { namespacePair, readNamespace, scanNamespaces } from "../../../../lxcfs-shim/view/namespaces.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const pairOf = (cgroup: number, pid: number): string =>
  namespacePair({ cgroup: `cgroup:[${cgroup}]`, pid: `pid:[${pid}]` });
const HOST = { cgroup: "cgroup:[1]", pid: "pid:[1]", mnt: "mnt:[1]" };

test("the kernel's own names", () => {
  const root = openHostRoot();

  expect(readNamespace(root, "self", "pid")).toMatch(/^pid:\[\d+\]$/);
  expect(readNamespace(root, process.pid, "pid")).toBe(readNamespace(root, "self", "pid"));
});

test("of a process that is gone there are none", () => {
  expect(readNamespace(openHostRoot(), 4_194_305, "pid")).toBeUndefined();
});

describe("a scan", () => {
  test("finds the oldest process of each pair, and nothing of the host", () => {
    const host = new FakeHost(cleanup.temporaryFolder());
    host.process(1);
    host.process(300, { cgroupNamespace: 2, pidNamespace: 2, startTicks: 10 });
    host.process(200, { cgroupNamespace: 2, pidNamespace: 2, startTicks: 20 });
    host.process(400, { cgroupNamespace: 3, pidNamespace: 2, startTicks: 30 });
    host.process(500, { pidNamespace: 4, startTicks: 40 });
    host.process(501, { pidNamespace: 4, startTicks: 40 });

    const [web, db, lxc] = [pairOf(2, 2), pairOf(3, 2), pairOf(1, 4)];
    const found = scanNamespaces(host.root, HOST);
    expect(found.get(web)).toEqual({ pid: 300, startTicks: 10, pair: web });
    expect(found.get(db)).toEqual({ pid: 400, startTicks: 30, pair: db });
    expect(found.get(lxc)).toEqual({ pid: 500, startTicks: 40, pair: lxc });
    expect(found.get(namespacePair(HOST))).toBeUndefined();
  });

  test("of one namespace with the host's other: the oldest of the one", () => {
    const host = new FakeHost(cleanup.temporaryFolder());
    host.process(300, { cgroupNamespace: 2, pidNamespace: 2, startTicks: 10 });
    host.process(400, { cgroupNamespace: 3, pidNamespace: 2, startTicks: 20 });
    host.process(500, { pidNamespace: 2, startTicks: 30 });
    host.process(600, { cgroupNamespace: 3, startTicks: 40 });

    const found = scanNamespaces(host.root, HOST);
    expect(found.get(pairOf(1, 2))).toEqual({ pid: 300, startTicks: 10, pair: pairOf(2, 2) });
    expect(found.get(pairOf(3, 1))).toEqual({ pid: 400, startTicks: 20, pair: pairOf(3, 2) });
  });

  test("passes over the dead", () => {
    const host = new FakeHost(cleanup.temporaryFolder());
    host.process(300, { pidNamespace: 2, state: "Z" });

    expect(scanNamespaces(host.root, HOST).size).toBe(0);
  });
});
