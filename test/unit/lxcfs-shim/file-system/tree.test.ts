import { expect, test } from "vitest";
import { CPU_DIRECTORY, cpuOfPath, FIXED_PATHS, nodeAt } from "../../../../lxcfs-shim/file-system/tree.ts";

test("has LXCFS' layout", () => {
  expect(nodeAt("")).toEqual({ kind: "directory", names: ["proc", "sys"] });
  expect(nodeAt("proc/meminfo")).toMatchObject({ kind: "proc", file: { path: "meminfo" } });
  expect(nodeAt("sys/devices/system")).toEqual({ kind: "directory", names: ["cpu"] });
  expect(nodeAt(`${CPU_DIRECTORY}/online`)).toMatchObject({ kind: "sys", file: { name: "online" } });
});

test("what is not ours below the CPUs is the host's, elsewhere there is nothing", () => {
  expect(nodeAt(CPU_DIRECTORY)).toEqual({ kind: "host" });
  expect(nodeAt(`${CPU_DIRECTORY}/cpu0/topology`)).toEqual({ kind: "host" });
  expect(nodeAt("sys/devices/system/cpufoo")).toBeUndefined();
  expect(nodeAt("proc/version")).toBeUndefined();
});

test("every fixed path is there", () => {
  expect(FIXED_PATHS).toContain(CPU_DIRECTORY);
  expect(FIXED_PATHS.filter((path) => nodeAt(path) === undefined)).toEqual([]);
});

test.for<[string, number | undefined]>([
  [`${CPU_DIRECTORY}/cpu3`, 3],
  [`${CPU_DIRECTORY}/cpu12/cache/index0`, 12],
  [`${CPU_DIRECTORY}/cpufreq`, undefined],
  [`${CPU_DIRECTORY}/cpu3x`, undefined],
  [`${CPU_DIRECTORY}/online`, undefined],
  ["proc/cpuinfo", undefined],
])("the CPU of %s", ([path, cpu]) => {
  expect(cpuOfPath(path)).toBe(cpu);
});
