import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { openCgroupReader } from "../../../../core/kernel/cgroup/open-reader.ts";
import type { CgroupReader } from "../../../../core/kernel/cgroup/reader.ts";
import type { ContainerView, HostText } from "../../../../lxcfs-shim/proc-files/types.ts";
import { uptime } from "../../../../lxcfs-shim/proc-files/uptime.ts";
import type { Container } from "../../../../lxcfs-shim/view/container.ts";
import { openContainerViews } from "../../../../lxcfs-shim/view/container-view.ts";
import { openHostText } from "../../../../lxcfs-shim/view/host-text.ts";
import { openLoadAverages } from "../../../../lxcfs-shim/view/load-averages.ts";
import { openCensus } from "../../../../lxcfs-shim/view/task-census.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const MIB = 2 ** 20;

/** A container of init 41, which started 500 s after the host and 500 s ago. */
function webOn(host: FakeHost): Container {
  host.process(41, { startTicks: 50_000, cgroup: "/web", nsPids: [41, 1] });
  return {
    key: "web@50000",
    init: 41,
    startTicks: 50_000,
    cgroup: { unified: "/web", controllers: new Map() },
    pidLevel: 1,
  };
}

function newHost(files: Readonly<Record<string, string>> = {}): FakeHost {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.cgroup("/web", { "cgroup.procs": "41\n", ...files });
  return host;
}

function viewsOn(host: FakeHost, reader: CgroupReader = openCgroupReader(host.root)) {
  const loads = openLoadAverages({ census: openCensus(host.root, reader), clock: new ManualClock() });
  const views = openContainerViews({ root: host.root, reader, loads });
  return (container: Container): ContainerView => views.open(container, openHostText(host.root.proc));
}

function viewOn(host: FakeHost): ContainerView {
  return viewsOn(host)(webOn(host));
}

test("pages are as large as the kernel says", () => {
  const host = newHost();
  host.write("proc/self/auxv", "\u0006\0\0\0\0\0\0\0\0\0\u0001\0\0\0\0\0");

  expect(viewOn(host).pageBytes).toBe(65_536);
});

describe("memory", () => {
  test("the limit, and what the cgroup uses of it", () => {
    const view = viewOn(newHost({ "memory.max": `${256 * MIB}\n` }));

    expect(view.memory).toMatchObject({ totalBytes: 256 * MIB, usageBytes: 100 * MIB, roomBytes: 156 * MIB });
    expect(view.missing("memory")).toBeUndefined();
  });

  test("what is above is of the moment that the host's files are of", () => {
    const host = newHost();
    host.cgroup("/web/one", { "cgroup.procs": "41\n" });
    const container = { ...webOn(host), cgroup: { unified: "/web/one", controllers: new Map() } };
    const reader = openCgroupReader(host.root);
    const loads = openLoadAverages({ census: openCensus(host.root, reader), clock: new ManualClock() });
    const views = openContainerViews({ root: host.root, reader, loads });
    const totalAt = (moment: HostText): number | undefined =>
      views.open(container, moment).memory?.totalBytes;
    const before = openHostText(host.root.proc);

    expect(totalAt(before)).toBe(4096 * MIB);
    host.cgroup("/web", { "memory.max": `${256 * MIB}\n` });
    expect(totalAt(before)).toBe(4096 * MIB);
    expect(totalAt(openHostText(host.root.proc))).toBe(256 * MIB);
  });

  test("the host's size without a limit, and with one beyond it", () => {
    expect(viewOn(newHost()).memory?.totalBytes).toBe(4096 * MIB);
    expect(viewOn(newHost({ "memory.max": `${2 ** 45}\n` })).memory?.totalBytes).toBe(4096 * MIB);
  });

  test("no more swap than the host has, none without accounting", () => {
    const swap = { "memory.swap.current": `${5 * MIB}\n`, "memory.swap.max": `${2 ** 40}\n` };

    expect(viewOn(newHost(swap)).memory?.swap).toEqual({ totalBytes: 1024 * MIB, usedBytes: 5 * MIB });
    expect(viewOn(newHost()).memory?.swap).toBeUndefined();
  });

  test("a cgroup that vanished has no memory, and says why", () => {
    const host = newHost();
    const view = viewOn(host);
    host.remove("sys/fs/cgroup/web");

    expect(view.memory).toBeUndefined();
    expect(view.missing("memory")).toMatch(/memory cgroup/);
  });
});

describe("CPUs", () => {
  test("⌈quota⌉ of the cpuset, and times of that capacity since the container's start", () => {
    const view = viewOn(newHost({ "cpu.max": "150000 100000\n", "cpuset.cpus.effective": "1-3\n" }));

    expect(view.cpus).toEqual([1, 2]);
    expect(view.uptimeSeconds).toBe(500);
    expect(view.cpu?.total).toEqual({ user: 2000, nice: 0, system: 1000, idle: 72_000 });
    expect(view.cpu?.ticks).toHaveLength(2);
  });

  test("nice time is told apart where the kernel counts it", () => {
    const stat = "usage_usec 30000000\nuser_usec 20000000\nsystem_usec 10000000\nnice_usec 5000000\n";

    expect(viewOn(newHost({ "cpu.stat": stat })).cpu?.total).toMatchObject({ user: 1500, nice: 500 });
  });

  test("the host's tasks are not the container's", () => {
    const host = newHost({ "cgroup.procs": "41\n42\n" });
    host.process(42, { state: "R", startTicks: 60_000, nsPids: [42, 17] });
    const view = viewOn(host);

    expect(view.cpu).toMatchObject({ running: 1, blocked: 0, processes: 17 });
    expect(view.load).toMatchObject({ load1: 1, running: 1, threads: 2, lastPid: 17 });
  });

  test("the number of processes never falls", () => {
    const host = newHost({ "cgroup.procs": "41\n42\n" });
    host.process(42, { startTicks: 60_000, nsPids: [42, 17] });
    const open = viewsOn(host);
    const container = webOn(host);
    expect(open(container).cpu?.processes).toBe(17);
    host.kill(42);

    expect(open(container).cpu?.processes).toBe(17);
  });

  test("no cgroup, no figures: what is left is the age", () => {
    const host = new FakeHost(cleanup.temporaryFolder());
    const view = viewsOn(host)({ ...webOn(host), cgroup: { unified: "/", controllers: new Map() } });

    expect(view.cpu).toBeUndefined();
    expect(view.load).toBeUndefined();
    expect([view.missing("cpu"), view.missing("load")].map(String)).toEqual([
      expect.stringContaining("CPU"),
      expect.stringContaining("processes"),
    ]);
    expect(view.cpus).toEqual([0, 1, 2, 3]);
    expect(view.uptimeSeconds).toBe(500);
  });
});

test("a limit that changes is seen at the next look", () => {
  const host = newHost({ "memory.max": `${256 * MIB}\n` });
  const open = viewsOn(host);
  const container = webOn(host);
  expect(open(container).memory?.totalBytes).toBe(256 * MIB);
  host.cgroup("/web", { "memory.max": `${512 * MIB}\n` });

  expect(open(container).memory?.totalBytes).toBe(512 * MIB);
});

test("one look reads each figure once, and none that nobody asked for", () => {
  const host = newHost();
  const view = viewOn(host);
  host.remove("sys/fs/cgroup/web/memory.stat");
  // Uptime and its idle time do without the memory cgroup and without the tasks.
  host.write("sys/fs/cgroup/web/memory.current", "not a number");
  host.write("proc/41/stat", "not a process");

  expect(view.uptimeSeconds).toBe(500);
  expect(view.cpu?.total.idle).toBeGreaterThan(0);
  const before = view.cpu?.total;
  host.cgroup("/web", {
    "cpu.stat": readFileSync(host.root.cgroup("web/cpu.stat"), "utf8").replace("3", "9"),
  });
  expect(view.cpu?.total).toEqual(before);
});

describe("time", () => {
  test("as the host's goes on, uptime and idle do, and never go back", () => {
    const host = newHost({ "cpu.max": "50000 100000\n" });
    const open = viewsOn(host);
    const container = webOn(host);
    const look = (): readonly number[] => {
      const view = open(container);
      return uptime.render(view, openHostText(host.root.proc)).split(" ").map(Number);
    };
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { minLength: 2, maxLength: 10 }), (hundredths) => {
        const moments = hundredths.toSorted((a, b) => a - b).map((each) => 1e6 + each / 100);
        const shown = moments.map((seconds) => {
          host.write("proc/uptime", `${seconds.toFixed(2)} 1.00\n`);
          return look();
        });
        for (const [index, [age = 0, idle = 0]] of shown.entries()) {
          const [ageBefore = 0, idleBefore = 0] = shown[index - 1] ?? [];
          expect(age).toBeGreaterThanOrEqual(ageBefore);
          expect(idle).toBeGreaterThanOrEqual(idleBefore);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("the age of the first process, and the host's boot", () => {
    expect(viewOn(newHost())).toMatchObject({ uptimeSeconds: 500, bootDelaySeconds: 0 });
  });

  test("in a time namespace of its own it is the kernel's", () => {
    const host = newHost();
    host.write("proc/41/timens_offsets", "monotonic -499 0\nboottime -499 500000000\n");

    expect(viewOn(host)).toMatchObject({ uptimeSeconds: 501.5, bootDelaySeconds: 498.5 });
  });
});
