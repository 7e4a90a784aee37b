import { cpSync, rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openCgroupReader } from "../../../../../core/kernel/cgroup/open-reader.ts";
import type { CgroupPath } from "../../../../../core/kernel/cgroup/reader.ts";
import { openHostRoot } from "../../../../../core/kernel/host-root.ts";
import { readPidCgroup } from "../../../../../core/kernel/proc/pid-cgroup.ts";
import { fixtureHost, tempHost, tempTree, unified } from "../hosts.ts";

const MIB = 1024 * 1024;
const NONE = Number.POSITIVE_INFINITY;
const NOWHERE: CgroupPath = { unified: undefined, controllers: new Map() };

function container(host: string, pid: number) {
  const root = fixtureHost(host);
  return { reader: openCgroupReader(root), path: readPidCgroup(root, pid) ?? NOWHERE };
}

describe("version", () => {
  it.each([
    ["v1-hybrid", 1],
    ["v2-systemd", 2],
  ])("%s is %d", (host, version) => expect(openCgroupReader(fixtureHost(host)).version).toBe(version));
});

describe("read", () => {
  it("reads each controller of a hybrid host where it is", () => {
    const { reader, path } = container("v1-hybrid", 16_647);
    const { memory, cpu, io, pids, pressure } = reader.read(path);
    expect(memory).toMatchObject({
      limitBytes: 512 * MIB,
      memswLimitBytes: 768 * MIB,
      swapLimitBytes: 256 * MIB,
    });
    expect(memory?.detail).toMatchObject({ shmemBytes: 8 * MIB, fileMappedBytes: 8_417_280 });
    expect(cpu).toMatchObject({
      quotaCpus: 0.5,
      effectiveCpus: [0, 1],
      throttling: { throttledPeriods: 19 },
    });
    expect(cpu?.usageSeconds).toBeGreaterThan(1);
    expect(cpu?.perCpuSeconds?.reduce((sum, seconds) => sum + seconds)).toBeCloseTo(cpu?.usageSeconds ?? 0);
    expect(io).toEqual([]);
    expect(pids).toEqual({ current: 2, limit: 100 });
    expect(pressure?.cpu).toMatch(/^some avg10=/);
  });

  it("reads v2", () => {
    const { reader } = container("v2-systemd", 2801);
    const stats = reader.read(unified("/system.slice/docker-4f0b5a7c9d21.scope"));
    expect(stats.memory).toMatchObject({
      usageBytes: 200 * MIB,
      limitBytes: 512 * MIB,
      swapLimitBytes: 256 * MIB,
    });
    expect(stats.memory?.detail).toMatchObject({ anonBytes: 96 * MIB, anonThpBytes: 16 * MIB });
    expect(stats.cpu).toMatchObject({ userSeconds: 31.204112, quotaCpus: 1.5, effectiveCpus: [0, 1, 2, 3] });
    expect(stats.cpu?.throttling).toEqual({
      periods: 5210,
      throttledPeriods: 118,
      throttledSeconds: 2.410221,
    });
    expect(stats.cpu?.perCpuSeconds).toBeUndefined();
    expect(stats.io).toMatchObject([{ major: 8, minor: 0, readBytes: 40 * MIB }]);
    expect(stats.pids).toEqual({ current: 9, limit: 9459 });
    expect(stats.pressure?.memory).toMatch(/^some /);
  });

  it("leaves out what a cgroup does not have", () => {
    const nested = container("v2-nested-limits", 1490);
    const stats = nested.reader.read(nested.path);
    expect(stats).toMatchObject({ memory: undefined, io: undefined });
    expect(stats.cpu).toMatchObject({ usageSeconds: 10.124856, quotaCpus: NONE, effectiveCpus: undefined });

    const bare = container("v2-no-psi", 811);
    expect(bare.reader.read(bare.path).pressure).toBeUndefined();
    expect(bare.reader.read(bare.path).memory).toMatchObject({
      swapLimitBytes: undefined,
      swapUsageBytes: undefined,
    });
  });

  it("does not take the host for a container", () => {
    const { reader } = container("many-cpu", 70_112);
    const { memory, cpu, io, pids, pressure } = reader.read(unified("/"));
    expect([memory, cpu, io, pids, pressure]).toEqual(Array(5).fill(undefined));
    expect(reader.readLimits(unified("/"))).toMatchObject({ memory: undefined, quotaCpus: NONE });
    expect(reader.readLimits(unified("/")).effectiveCpus).toHaveLength(64);
  });

  it("reads a part when it is first asked for, and once", () => {
    const directory = tempTree({});
    cpSync(fixtureHost("v2-systemd").cgroup(""), `${directory}/sys/fs/cgroup`, { recursive: true });
    const path = unified("/system.slice/docker-4f0b5a7c9d21.scope");
    const stats = openCgroupReader(openHostRoot(directory)).read(path);
    expect(stats.pids?.current).toBe(9);
    rmSync(`${directory}/sys/fs/cgroup/system.slice`, { recursive: true });
    expect(stats.pids?.current).toBe(9);
    expect(stats).toMatchObject({ memory: undefined, cpu: undefined, io: undefined, pressure: undefined });
  });

  it("finds nothing on a host without cgroups or a path outside of them", () => {
    const none = openCgroupReader(tempHost({}));
    expect(none.read(unified("/a"))).toMatchObject({ memory: undefined, cpu: undefined });
    expect(none.readLimits(unified("/a"))).toMatchObject({
      memory: undefined,
      quotaCpus: NONE,
      effectiveCpus: undefined,
    });
    expect(none.processes(unified("/a"))).toEqual([]);
    const { reader } = container("v2-systemd", 2801);
    expect(reader.read(unified("/../system.slice")).memory).toBeUndefined();
    expect(reader.read(NOWHERE).memory).toBeUndefined();
  });
});

describe("parentOf", () => {
  const { reader } = container("v2-systemd", 2801);

  it("goes up in every hierarchy at once", () => {
    const path = {
      unified: "/a/b",
      controllers: new Map([
        ["memory", "/c"],
        ["pids", "/"],
      ]),
    };
    expect(reader.parentOf(path)).toEqual({
      unified: "/a",
      controllers: new Map([
        ["memory", "/"],
        ["pids", "/"],
      ]),
    });
  });

  it("goes on while any hierarchy has further to go, then ends", () => {
    const path = {
      unified: undefined,
      controllers: new Map([
        ["memory", "/c"],
        ["pids", "/"],
      ]),
    };
    const root = reader.parentOf(path) ?? NOWHERE;
    expect(root.unified).toBeUndefined();
    expect(reader.parentOf(root)).toBeUndefined();
    expect(reader.parentOf(unified("/"))).toBeUndefined();
  });
});

describe("processes", () => {
  it("finds those of the cgroups below", () => {
    const { reader } = container("v2-systemd", 2801);
    const pids = reader.processes(unified("/system.slice/docker-4f0b5a7c9d21.scope"));
    expect([...pids].sort()).toEqual([2801, 2867]);
  });

  it("takes a v1 hierarchy in which the container has a cgroup of its own", () => {
    const { reader, path } = container("v1-hybrid", 16_647);
    expect([...reader.processes(path)].sort()).toEqual([16_647, 16_648]);
    const memoryOnly = {
      unified: "/",
      controllers: new Map([
        ["cpu", "/"],
        ["memory", "/plimsoll/web/worker"],
      ]),
    };
    expect(reader.processes(memoryOnly)).toEqual([16_648]);
  });

  it("takes the whole host for the root", () => {
    const { reader } = container("v2-no-psi", 811);
    expect([...reader.processes(unified("/"))].sort()).toEqual([2, 811]);
  });
});
