import { expect, test } from "vitest";
import { cpuOfPath, FIXED_PATHS, HOST_DIRECTORIES, nodeAt } from "../../../../lxcfs-shim/file-system/tree.ts";

const CPU = "sys/devices/system/cpu";
const NODE = "sys/devices/system/node";

test("has LXCFS' layout", () => {
  expect(nodeAt("")).toEqual({ kind: "directory", names: ["proc", "sys"] });
  expect(nodeAt("proc/meminfo")).toMatchObject({ kind: "proc", file: { path: "meminfo" } });
  expect(nodeAt("sys/devices/system")).toEqual({ kind: "directory", names: ["cpu", "node"] });
  expect(nodeAt(`${CPU}/online`)).toMatchObject({
    kind: "sys",
    file: { path: "cpu/online" },
    isOnHost: false,
  });
});

test("what is not ours below the CPUs is the host's, elsewhere there is nothing", () => {
  expect(nodeAt(CPU)).toEqual({ kind: "host" });
  expect(nodeAt(`${CPU}/cpu0/topology`)).toEqual({ kind: "host" });
  expect(nodeAt("sys/devices/system/cpufoo")).toBeUndefined();
  expect(nodeAt("proc/version")).toBeUndefined();
});

test.for([
  [`${CPU}/cpu12/topology/core_cpus_list`, "cpu/cpuN/topology/*_list"],
  [`${CPU}/cpu12/topology/thread_siblings`, "cpu/cpuN/topology/*_{cpus,siblings}"],
  [`${CPU}/cpu0/cache/index3/shared_cpu_map`, "cpu/cpuN/cache/indexN/shared_cpu_map"],
  [`${NODE}/node1/cpulist`, "node/nodeN/cpulist"],
  [`${NODE}/node1/meminfo`, "node/nodeN/meminfo"],
] as const)("%s is one of %s", ([path, pattern]) => {
  expect(nodeAt(path)).toMatchObject({ kind: "sys", file: { path: pattern }, isOnHost: true });
});

test.for([`${CPU}/cpu12/topology/core_id`, `${NODE}/node1/cpulist/x`, `${NODE}/nodes/cpulist`])(
  "%s is the host's",
  (path) => {
    expect(nodeAt(path)).toEqual({ kind: "host" });
  },
);

test("every fixed path is there", () => {
  expect(HOST_DIRECTORIES).toEqual([CPU, NODE]);
  expect(FIXED_PATHS).toContain(CPU);
  expect(FIXED_PATHS.filter((path) => nodeAt(path) === undefined)).toEqual([]);
});

test.for<[string, number | undefined]>([
  [`${CPU}/cpu3`, 3],
  [`${CPU}/cpu12/cache/index0`, 12],
  [`${NODE}/node0/cpu7`, 7],
  [`${NODE}/node0/cpulist`, undefined],
  [`${CPU}/cpufreq`, undefined],
  [`${CPU}/cpu3x`, undefined],
  [`${CPU}/online`, undefined],
  ["proc/cpuinfo", undefined],
])("the CPU of %s", ([path, cpu]) => {
  expect(cpuOfPath(path)).toBe(cpu);
});
