import { expect, test } from "vitest";
import { RESOURCES } from "../../../../collector/capacity/resources.ts";
import type { Measured } from "../../../../collector/history/reader.ts";

const STEP_MS = 1000;
const [cpu, memory, disk] = RESOURCES;

const samples = (values: readonly number[]) => ({ times: values.map((_, i) => (i + 1) * STEP_MS), values });

function gauge(name: string, labels: Record<string, string>, ...values: readonly number[]): Measured {
  return {
    series: { name, labels },
    windows: { kind: "gauge", mean: samples(values), max: samples(values) },
  };
}

function seconds(mode: string, ...values: readonly number[]): Measured {
  const series = { name: "node_cpu_seconds_total", labels: { cpu: "0", mode } };
  return { series, windows: { kind: "counter", increase: samples(values) } };
}

test("CPUs: what was not idle, of the quota, or of those there are in most windows", () => {
  const counted = [seconds("user", 1, 0.5, 0.5), seconds("idle", 3, 3, 1), seconds("iowait", 0, 0.5, 0.5)];
  const used = { times: [1000, 2000, 3000], values: [1, 0.5, 0.5] };
  expect(cpu?.stocks(counted, STEP_MS)).toEqual([{ used, limit: 4 }]);
  const quota = gauge("plimsoll_cgroup_cpu_limit_cpus", {}, 1, 1, 2);
  expect(cpu?.stocks([...counted, quota], STEP_MS)).toEqual([{ used, limit: 2 }]);
  expect(cpu?.stocks([], STEP_MS)).toEqual([]);
});

test("memory: what is not available, of the last total", () => {
  const total = gauge("node_memory_MemTotal_bytes", {}, 100, 200);
  const available = gauge("node_memory_MemAvailable_bytes", {}, 40, 120);
  expect(memory?.stocks([total, available], STEP_MS)).toEqual([{ limit: 200, used: samples([60, 80]) }]);
  expect(memory?.stocks([total], STEP_MS)).toEqual([{ limit: 200, used: samples([]) }]);
});

test("disks: each file system for itself, and once", () => {
  const on = (device: string, mountpoint: string, size: number, free: number): readonly Measured[] => [
    gauge("node_filesystem_size_bytes", { device, mountpoint }, size),
    gauge("node_filesystem_avail_bytes", { device, mountpoint }, free),
  ];
  const measured = [
    ...on("/dev/a", "/", 100, 30),
    ...on("/dev/b", "/data", 50, 50),
    ...on("/dev/a", "/again", 100, 30),
  ];
  expect(disk?.stocks(measured, STEP_MS)).toEqual([
    { limit: 100, used: samples([70]) },
    { limit: 50, used: samples([0]) },
  ]);
});
