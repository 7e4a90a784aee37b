import { afterAll, expect, test } from "vitest";
import { readContainer, readContainerCgroup } from "../../../../lxcfs-shim/view/container.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("a container is its first process' cgroup and numbering", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.process(41, { cgroup: "/web", nsPids: [41, 7, 1] });

  expect(readContainer(host.root, "k", { pid: 41, startTicks: 5 })).toEqual({
    key: "k@5",
    init: 41,
    startTicks: 5,
    cgroup: { unified: "/web", controllers: new Map() },
    pidLevel: 2,
  });
  expect(readContainer(host.root, "k", { pid: 42, startTicks: 5 })).toBeUndefined();
});

test("a systemd's own scope is not the container, on any hierarchy", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.write("proc/41/cgroup", "3:memory:/lxc/a/init.scope\n2:cpu:/init.scope\n0::/lxc/init.scoped\n");

  expect(readContainerCgroup(host.root, 41)).toEqual({
    unified: "/lxc/init.scoped",
    controllers: new Map([
      ["memory", "/lxc/a"],
      ["cpu", "/"],
    ]),
  });
});
