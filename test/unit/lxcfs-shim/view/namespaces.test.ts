import { afterAll, describe, expect, test } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { namespacePair, readNamespace, scanNamespaces } from "../../../../lxcfs-shim/view/namespaces.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

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

    expect(scanNamespaces(host.root, HOST)).toEqual(
      new Map([
        [namespacePair({ cgroup: "cgroup:[2]", pid: "pid:[2]" }), { pid: 300, startTicks: 10 }],
        [namespacePair({ cgroup: "cgroup:[3]", pid: "pid:[2]" }), { pid: 400, startTicks: 30 }],
        [namespacePair({ cgroup: "cgroup:[1]", pid: "pid:[4]" }), { pid: 500, startTicks: 40 }],
      ]),
    );
  });

  test("passes over the dead", () => {
    const host = new FakeHost(cleanup.temporaryFolder());
    host.process(300, { pidNamespace: 2, state: "Z" });

    expect(scanNamespaces(host.root, HOST).size).toBe(0);
  });
});
