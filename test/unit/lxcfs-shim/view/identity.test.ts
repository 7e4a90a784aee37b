import { afterAll, describe, expect, test } from "vitest";
import { openCgroupReader } from "../../../../core/kernel/cgroup/open-reader.ts";
import type { Container } from "../../../../lxcfs-shim/view/container.ts";
import { type Identifier, openIdentifier } from "../../../../lxcfs-shim/view/identity.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost, type FakeProcess } from "../../../support/fake-host.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function openOn(processes: Readonly<Record<number, FakeProcess>>) {
  const host = new FakeHost(cleanup.temporaryFolder());
  const clock = new ManualClock();
  for (const [pid, options] of Object.entries(processes)) host.process(Number(pid), options);
  const identifier = openIdentifier({ root: host.root, reader: openCgroupReader(host.root), clock });
  return { host, clock, identifier };
}

function containerOf(identifier: Identifier, pid: number): Container {
  const identity = identifier.identify(pid);
  if (identity.kind !== "container") throw new Error(`process ${pid}: ${identity.kind}`);
  return identity.container;
}

const INSIDE = { cgroupNamespace: 2, pidNamespace: 2, mountNamespace: 2 };

describe("by namespaces", () => {
  test("the oldest process in both is the container's first", () => {
    const { identifier } = openOn({
      // The runtime's helper made the cgroup namespace and stayed outside of the pid namespace.
      40: { ...INSIDE, pidNamespace: 1, startTicks: 90, cgroup: "/docker/web" },
      41: { ...INSIDE, startTicks: 100, cgroup: "/docker/web", nsPids: [41, 1] },
      50: { ...INSIDE, startTicks: 200, cgroup: "/docker/web/worker", nsPids: [50, 9] },
    });

    expect(containerOf(identifier, 50)).toEqual({
      key: "cgroup:[2] pid:[2]@41.100",
      init: 41,
      startTicks: 100,
      cgroup: { unified: "/docker/web", controllers: new Map() },
      pidLevel: 1,
    });
  });

  test("containers that share a pid namespace are told apart", () => {
    const pod = { pidNamespace: 5, mountNamespace: 3 };
    const { identifier } = openOn({
      10: { ...pod, cgroupNamespace: 6, startTicks: 1, cgroup: "/pod/pause", nsPids: [10, 1] },
      11: { ...pod, cgroupNamespace: 7, startTicks: 2, cgroup: "/pod/web", nsPids: [11, 5] },
      12: { ...pod, cgroupNamespace: 8, startTicks: 3, cgroup: "/pod/db", nsPids: [12, 6] },
    });

    expect(containerOf(identifier, 11).cgroup.unified).toBe("/pod/web");
    expect(containerOf(identifier, 12).cgroup.unified).toBe("/pod/db");
  });

  describe("in the host's cgroup namespace, in the pid namespace of a container", () => {
    const web = { pidNamespace: 5, mountNamespace: 3, startTicks: 1, cgroup: "/docker/web", nsPids: [10, 1] };
    const guest = { ...web, startTicks: 2, nsPids: [11, 5] };
    const seenBy = (options: FakeProcess): string | undefined => {
      const { host, identifier } = openOn({ 10: web, 11: { ...guest, ...options } });
      host.cgroup("/docker/db", { "cgroup.procs": "11\n" });
      return containerOf(identifier, 11).cgroup.unified;
    };

    test("mounts and a cgroup of its own are a container of its own", () => {
      expect(seenBy({ mountNamespace: 4, cgroup: "/docker/db" })).toBe("/docker/db");
    });

    test("mounts of its own alone are a sandbox in the container", () => {
      expect(seenBy({ mountNamespace: 4, cgroup: "/docker/web/system.slice/x.service" })).toBe("/docker/web");
      expect(seenBy({ mountNamespace: 4, cgroup: "/" })).toBe("/docker/web");
    });

    test("another cgroup alone is somebody who has entered", () => {
      expect(seenBy({ cgroup: "/user.slice" })).toBe("/docker/web");
      expect(seenBy({ cgroup: "/docker/web2" })).toBe("/docker/web");
    });
  });

  test("a pid namespace alone is enough", () => {
    const { identifier } = openOn({
      20: { pidNamespace: 9, startTicks: 5, cgroup: "/lxc/web", nsPids: [20, 1] },
      21: { pidNamespace: 9, startTicks: 6, cgroup: "/lxc/web/user.slice", nsPids: [21, 2] },
    });

    expect(containerOf(identifier, 21)).toMatchObject({ init: 20, cgroup: { unified: "/lxc/web" } });
  });

  test("a systemd inside has moved itself one level down", () => {
    const { identifier } = openOn({ 30: { ...INSIDE, cgroup: "/lxc/web/init.scope", nsPids: [30, 1] } });

    expect(containerOf(identifier, 30).cgroup.unified).toBe("/lxc/web");
  });

  test("a process that comes in from outside (docker exec, nsenter) belongs there", () => {
    const { host, identifier } = openOn({
      41: { ...INSIDE, startTicks: 100, cgroup: "/docker/web", nsPids: [41, 1] },
    });
    host.process(60, { ...INSIDE, startTicks: 300, cgroup: "/user.slice", nsPids: [60, 33] });

    expect(containerOf(identifier, 60).cgroup.unified).toBe("/docker/web");
  });
});

describe("who has entered a container with a cgroup namespace of its own", () => {
  const web = { ...INSIDE, startTicks: 100, cgroup: "/docker/web", nsPids: [41, 1] };
  const enteredAs = (options: FakeProcess): Container => {
    const { host, identifier } = openOn({ 41: web });
    host.process(60, { startTicks: 300, cgroup: "/user.slice", nsPids: [60, 33], ...options });
    const found = containerOf(identifier, 60);
    expect(containerOf(identifier, 60)).toEqual(found);
    expect(containerOf(identifier, 41)).toEqual(found);
    return found;
  };

  test("belongs to it by its pid namespace alone, with its mounts (nsenter -m -p) or the host's", () => {
    expect(enteredAs({ ...INSIDE, cgroupNamespace: 1 })).toMatchObject({
      init: 41,
      key: "cgroup:[2] pid:[2]@41.100",
    });
    expect(enteredAs({ ...INSIDE, cgroupNamespace: 1, mountNamespace: 1 }).init).toBe(41);
  });

  test("belongs to it by its cgroup namespace alone", () => {
    expect(enteredAs({ ...INSIDE, pidNamespace: 1, nsPids: [60] })).toMatchObject({
      init: 41,
      key: "cgroup:[2] pid:[2]@41.100",
      cgroup: { unified: "/docker/web" },
    });
  });

  test("with mounts and a cgroup of its own it is a container of its own", () => {
    const { host, identifier } = openOn({ 41: web });
    host.process(60, { pidNamespace: 2, mountNamespace: 7, cgroup: "/docker/db", nsPids: [60, 33] });
    host.cgroup("/docker/db", { "cgroup.procs": "60\n" });

    expect(containerOf(identifier, 60)).toMatchObject({ init: 60, cgroup: { unified: "/docker/db" } });
  });
});

describe("what is remembered", () => {
  test("a pid used again is somebody else", () => {
    const { host, clock, identifier } = openOn({
      41: { ...INSIDE, startTicks: 100, cgroup: "/docker/old", nsPids: [41, 1] },
    });
    expect(containerOf(identifier, 41).key).toBe("cgroup:[2] pid:[2]@41.100");
    host.process(41, { ...INSIDE, startTicks: 900, cgroup: "/docker/new", nsPids: [41, 1] });
    void clock.advance(1);

    expect(containerOf(identifier, 41)).toMatchObject({
      key: "cgroup:[2] pid:[2]@41.900",
      cgroup: { unified: "/docker/new" },
    });
  });

  test("an init that was moved is followed within a second", async () => {
    const { host, clock, identifier } = openOn({
      41: { ...INSIDE, startTicks: 100, cgroup: "/a", nsPids: [41, 1] },
    });
    containerOf(identifier, 41);
    host.process(41, { ...INSIDE, startTicks: 100, cgroup: "/b", nsPids: [41, 1] });
    expect(containerOf(identifier, 41).cgroup.unified).toBe("/a");
    await clock.advance(1000);

    expect(containerOf(identifier, 41).cgroup.unified).toBe("/b");
  });

  test("what a first process mounts after it has moved itself down is seen within ten seconds", async () => {
    const { host, clock, identifier } = openOn({
      41: { ...INSIDE, startTicks: 100, cgroup: "/docker/web/first", nsPids: [41, 1] },
    });
    expect(containerOf(identifier, 41).cgroup.unified).toBe("/docker/web/first");
    host.write("proc/41/mountinfo", "90 80 0:27 /docker/web /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
    await clock.advance(10_000);

    expect(containerOf(identifier, 41).cgroup.unified).toBe("/docker/web");
  });

  test("a container is alive as long as its first process, zombies are not", () => {
    const { host, identifier } = openOn({
      41: { ...INSIDE, startTicks: 100, nsPids: [41, 1], cgroup: "/a" },
    });
    const container = containerOf(identifier, 41);
    expect(identifier.isAlive(container)).toBe(true);
    host.process(41, { ...INSIDE, startTicks: 100, nsPids: [41, 1], state: "Z" });
    expect(identifier.isAlive(container)).toBe(false);
    host.kill(41);
    expect(identifier.isAlive(container)).toBe(false);
  });

  test("whose first process is near needs no look at everybody", () => {
    const { host, identifier } = openOn({
      41: { ...INSIDE, startTicks: 100, cgroup: "/docker/web", nsPids: [41, 1] },
      50: { ...INSIDE, startTicks: 200, cgroup: "/docker/web", nsPids: [50, 9], parent: 41 },
    });
    const names: string[] = [];
    const root = { ...host.root, proc: (name: string) => host.root.proc(names[names.push(name) - 1] ?? "") };
    const counting = openIdentifier({ root, reader: openCgroupReader(root), clock: new ManualClock() });

    expect(containerOf(counting, 50)).toEqual(containerOf(identifier, 41));
    expect(names).not.toContain("");
  });

  test("who outlives the first process, without pids of its own, is as old as the oldest that is left", async () => {
    const agent = { cgroupNamespace: 2, mountNamespace: 2, cgroup: "/docker/agent" };
    const { host, clock, identifier } = openOn({
      41: { ...agent, startTicks: 100 },
      42: { ...agent, startTicks: 200, cgroup: "/docker/agent/worker" },
      43: { ...agent, startTicks: 300 },
    });
    expect(containerOf(identifier, 43).init).toBe(41);
    host.kill(41);
    await clock.advance(1);

    expect(containerOf(identifier, 43)).toMatchObject({ init: 42, startTicks: 200 });
  });

  test("after a scan that took long a newcomer is taken for its own cgroup for a while", () => {
    const host = new FakeHost(cleanup.temporaryFolder());
    let now = 0;
    let stepMs = 1000;
    const clock = new ManualClock();
    clock.monotonicMs = () => (now += stepMs);
    host.cgroup("/docker/b", { "cgroup.procs": "51\n" });
    host.process(41, { cgroupNamespace: 2, cgroup: "/docker/a" });
    const identifier = openIdentifier({ root: host.root, reader: openCgroupReader(host.root), clock });
    containerOf(identifier, 41);
    stepMs = 0;
    host.process(51, { cgroupNamespace: 3, cgroup: "/docker/b" });

    expect(containerOf(identifier, 51)).toMatchObject({
      key: "cgroup :/docker/b@51.50000",
      init: 51,
      cgroup: { unified: "/docker/b" },
    });
    now += 5000;
    expect(containerOf(identifier, 51).key).toMatch(/^cgroup:\[3\] pid:\[1\]@/);
  });
});

describe("in the host's namespaces", () => {
  test("the host's processes see the host, whatever their cgroup", () => {
    const { identifier } = openOn({ 77: { cgroup: "/system.slice/sshd.service" } });

    expect(identifier.identify(77)).toEqual({ kind: "host" });
  });

  test("a container that shares them (--pid=host) has its own mounts and its own cgroup", () => {
    const { host, identifier } = openOn({
      80: { mountNamespace: 4, startTicks: 10, cgroup: "/docker/agent" },
      81: { mountNamespace: 4, startTicks: 20, cgroup: "/docker/agent" },
    });
    host.cgroup("/docker/agent", { "cgroup.procs": "81\n80\n" });

    expect(containerOf(identifier, 81)).toMatchObject({ init: 80, cgroup: { unified: "/docker/agent" } });
  });

  test("in a threaded cgroup, which lists nobody, the caller is the first it knows", () => {
    const { identifier } = openOn({
      80: { mountNamespace: 4, startTicks: 10, cgroup: "/docker/agent/threads" },
    });

    expect(containerOf(identifier, 80)).toMatchObject({
      init: 80,
      cgroup: { unified: "/docker/agent/threads" },
    });
  });

  test("places are told apart by the controller as well, whatever they are called", () => {
    const { host, identifier } = openOn({});
    const keyAt = (pid: number, lines: string): string => {
      host.process(pid, { mountNamespace: 4, startTicks: 10 });
      host.write(`proc/${pid}/cgroup`, lines);
      return containerOf(identifier, pid).key;
    };
    const places = [
      "2:cpu:/\n1:memory:/a\n",
      "2:cpu:/a\n1:memory:/\n",
      "2:cpu:/a\n1:memory:/a\n",
      "2:cpu:/a\n1:memory:/ü 中\n",
    ];
    const keys = places.map((lines, index) => keyAt(90 + index, lines));

    expect(new Set(keys.map((key) => key.replace(/@.*/, ""))).size).toBe(places.length);
    expect(keys.join("")).toMatch(/^[ -~]+$/);
  });

  test("mounts of its own in no cgroup make no container", () => {
    const { identifier } = openOn({ 82: { mountNamespace: 4 } });

    expect(identifier.identify(82)).toEqual({ kind: "host" });
  });
});

describe("a caller that cannot be found", () => {
  test("ended", () => {
    const { identifier } = openOn({});

    expect(identifier.identify(4711)).toEqual({ kind: "gone", reason: "the caller ended" });
  });

  test("ended between two looks", () => {
    const { host, identifier } = openOn({ 41: { ...INSIDE, cgroup: "/a", nsPids: [41, 1] } });
    host.remove("proc/41/cgroup");

    expect(identifier.identify(41)).toEqual({ kind: "gone", reason: "the caller ended" });
  });

  test("lives in a pid namespace the server does not see", () => {
    const { identifier } = openOn({});

    expect(identifier.identify(0)).toMatchObject({ kind: "gone" });
  });
});

test("a process with files nobody can parse does not hide the others", () => {
  const { host, identifier } = openOn({ 41: { ...INSIDE, cgroup: "/a", nsPids: [41, 1] } });
  host.process(40, { ...INSIDE, startTicks: 1 });
  host.write("proc/40/stat", "40 (x");

  expect(containerOf(identifier, 41).init).toBe(41);
});
