import { describe, expect, it } from "vitest";
import { openAncestors, readEffective } from "../../../../../core/kernel/cgroup/effective.ts";
import { openCgroupReader } from "../../../../../core/kernel/cgroup/open-reader.ts";
import type { CgroupReader } from "../../../../../core/kernel/cgroup/reader.ts";
import { readPidCgroup } from "../../../../../core/kernel/proc/pid-cgroup.ts";
import { fixtureHost, tempHost, unified } from "../hosts.ts";

const MIB = 1024 * 1024;
const NONE = Number.POSITIVE_INFINITY;

function effective(host: string, pid: number) {
  const root = fixtureHost(host);
  return readEffective(openCgroupReader(root), readPidCgroup(root, pid) ?? unified("/nowhere"));
}

/** Effective limits of the deepest cgroup of a v2 host. */
function effectiveV2(path: string, files: Readonly<Record<string, string>>) {
  const below = Object.entries(files).map(([name, text]) => [`sys/fs/cgroup/${name}`, `${text}\n`]);
  const root = tempHost({ "sys/fs/cgroup/cgroup.controllers": "\n", ...Object.fromEntries(below) });
  return readEffective(openCgroupReader(root), unified(path));
}

describe("on the fixture hosts", () => {
  it("v1-hybrid: the cgroup's own, within its parent's", () => {
    const { memory, quotaCpus, cpus } = effective("v1-hybrid", 16_647);
    expect(memory).toMatchObject({
      limitBytes: 512 * MIB,
      memswLimitBytes: 768 * MIB,
      swapLimitBytes: 256 * MIB,
    });
    expect(memory?.roomBytes).toBe(512 * MIB - (memory?.stats.usageBytes ?? 0));
    expect({ quotaCpus, cpus }).toEqual({ quotaCpus: 0.5, cpus: [0, 1] });
  });

  it("v1-hybrid: a cgroup below the container's, in some hierarchies only", () => {
    const { memory, quotaCpus } = effective("v1-hybrid", 16_648);
    expect(memory).toMatchObject({ limitBytes: 512 * MIB, swapLimitBytes: 256 * MIB });
    // The container's other process takes from the same limit.
    expect(memory?.roomBytes).toBeLessThan(512 * MIB - 60 * MIB);
    expect(quotaCpus).toBe(0.5);
  });

  it("v2-systemd: init is in a cgroup below the container's", () => {
    const { memory, quotaCpus, cpus } = effective("v2-systemd", 2801);
    expect(memory).toMatchObject({ limitBytes: 512 * MIB, roomBytes: 312 * MIB, swapLimitBytes: 256 * MIB });
    expect({ quotaCpus, cpus }).toEqual({ quotaCpus: 1.5, cpus: [0, 1, 2, 3] });
  });

  it("v2-nested-limits: the parent's count where the child has no controller", () => {
    const { memory, quotaCpus, cpus } = effective("v2-nested-limits", 1490);
    expect(memory).toMatchObject({ limitBytes: 300 * MIB, roomBytes: 148 * MIB, swapLimitBytes: 0 });
    expect(memory?.stats.usageBytes).toBe(120 * MIB);
    expect({ quotaCpus, cpus }).toEqual({ quotaCpus: 2, cpus: [0, 1, 2, 3] });
  });

  it("v2-no-psi: no swap accounting, CPUs of the root", () => {
    const { memory, quotaCpus, cpus } = effective("v2-no-psi", 811);
    expect(memory).toMatchObject({ limitBytes: 256 * MIB, swapLimitBytes: undefined });
    expect({ quotaCpus, cpus }).toEqual({ quotaCpus: NONE, cpus: [0, 1] });
  });

  it("many-cpu: a cpuset with a hole", () => {
    const { quotaCpus, cpus } = effective("many-cpu", 70_112);
    expect(quotaCpus).toBe(4.5);
    expect(cpus).toEqual([...Array.from({ length: 16 }, (_, index) => index + 8), 40]);
  });
});

describe("readEffective", () => {
  it("takes the smallest at any level", () => {
    const { memory, quotaCpus } = effectiveV2("/a/b/c", {
      "a/memory.max": "300",
      "a/memory.current": "290",
      "a/memory.swap.max": "9",
      "a/cpu.max": "max 100000",
      "a/b/memory.max": "max",
      "a/b/memory.current": "280",
      "a/b/cpu.max": "150000 100000",
      "a/b/c/memory.max": "400",
      "a/b/c/memory.current": "100",
      "a/b/c/memory.swap.max": "20",
      "a/b/c/cpu.max": "300000 100000",
    });
    expect(memory).toMatchObject({ limitBytes: 300, roomBytes: 10, swapLimitBytes: 9 });
    expect(quotaCpus).toBe(1.5);
  });

  it("has room left for none when a limit was lowered below what is used", () => {
    const { memory } = effectiveV2("/a", { "a/memory.max": "100", "a/memory.current": "150" });
    expect(memory?.roomBytes).toBe(0);
  });

  it("knows no limit where there is none", () => {
    const { memory, quotaCpus, cpus } = effectiveV2("/a", {
      "a/memory.max": "max",
      "a/memory.current": "150",
    });
    expect(memory).toMatchObject({ limitBytes: NONE, roomBytes: NONE, swapLimitBytes: undefined });
    expect({ quotaCpus, cpus }).toEqual({ quotaCpus: NONE, cpus: undefined });
  });

  it("is undefined in memory without the controller, and for a cgroup that is gone", () => {
    expect(effectiveV2("/a/b", {}).memory).toBeUndefined();
  });

  it("on v1 leaves to swap what RAM + swap of an ancestor has left", () => {
    const memory = "sys/fs/cgroup/memory";
    const root = tempHost({
      [`${memory}/cgroup.procs`]: "",
      [`${memory}/a/memory.limit_in_bytes`]: "1000\n",
      [`${memory}/a/memory.usage_in_bytes`]: "600\n",
      [`${memory}/a/memory.memsw.limit_in_bytes`]: "1000\n",
      [`${memory}/a/b/memory.limit_in_bytes`]: "500\n",
      [`${memory}/a/b/memory.usage_in_bytes`]: "400\n",
      [`${memory}/a/b/memory.memsw.limit_in_bytes`]: "9223372036854771712\n",
      [`${memory}/a/b/memory.memsw.usage_in_bytes`]: "400\n",
    });
    const path = { unified: undefined, controllers: new Map([["memory", "/a/b"]]) };
    expect(readEffective(openCgroupReader(root), path).memory).toMatchObject({
      limitBytes: 500,
      roomBytes: 100,
      memswLimitBytes: 1000,
      swapLimitBytes: 500,
    });
  });

  it("asks what is above once for all below it, and a cgroup itself each time", () => {
    const read: string[] = [];
    const reader = openCgroupReader(
      tempHost({
        "sys/fs/cgroup/cgroup.controllers": "\n",
        "sys/fs/cgroup/pod/memory.max": "1000\n",
        "sys/fs/cgroup/pod/memory.current": "400\n",
        "sys/fs/cgroup/pod/cpu.max": "50000 100000\n",
        "sys/fs/cgroup/pod/cpuset.cpus.effective": "1\n",
        ...Object.fromEntries(
          ["a", "b"].flatMap((name) => [
            [`sys/fs/cgroup/pod/${name}/memory.max`, "max\n"],
            [`sys/fs/cgroup/pod/${name}/memory.current`, "100\n"],
          ]),
        ),
      }),
    );
    const counting: CgroupReader = {
      version: reader.version,
      read: (path) => reader.read(path),
      readLimits: (path) => {
        read.push(path.unified ?? "");
        return reader.readLimits(path);
      },
      parentOf: (path) => reader.parentOf(path),
      processes: (path) => reader.processes(path),
    };
    const above = openAncestors(counting);
    for (const path of ["/pod/a", "/pod/b", "/pod/a"]) {
      const { memory, quotaCpus, cpus } = readEffective(counting, unified(path), above);
      expect({ limit: memory?.limitBytes, room: memory?.roomBytes, quotaCpus, cpus }).toEqual({
        limit: 1000,
        room: 600,
        quotaCpus: 0.5,
        cpus: [1],
      });
    }
    expect(read.toSorted()).toEqual(["/", "/pod", "/pod/a", "/pod/a", "/pod/b"]);
  });
});
