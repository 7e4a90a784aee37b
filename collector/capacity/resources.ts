import type { Samples } from "../history/buckets.ts";
import type { Measured } from "../history/reader.ts";

/** What is had of one resource, in one piece: the memory, one file system. */
export interface Stock {
  readonly used: Samples;
  readonly limit: number;
}

/** What machines have a limit of. Its series are read in windows. */
export interface Resource {
  readonly name: "cpu" | "memory" | "disk";
  readonly unit: "cpus" | "bytes";
  readonly names: readonly string[];
  /** The gauge in which whoever placed a machine says how much of it was asked for. */
  readonly requestedName: string;
  /** Empty where nothing is known of it. */
  stocks(measured: readonly Measured[], stepMs: number): readonly Stock[];
}

const CPU = "node_cpu_seconds_total";
const QUOTA = "plimsoll_cgroup_cpu_limit_cpus";
const [TOTAL, AVAILABLE] = ["node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes"];
const [SIZE, FREE] = ["node_filesystem_size_bytes", "node_filesystem_avail_bytes"];

const cpu: Resource = {
  name: "cpu",
  unit: "cpus",
  requestedName: "plimsoll_requested_cpus",
  names: [CPU, QUOTA, "plimsoll_requested_cpus"],
  stocks: (measured, stepMs) => {
    const seconds = measured.filter(({ series }) => series.name === CPU);
    const all = sumOf(seconds);
    const idle = sumOf(seconds.filter(({ series }) => ["idle", "iowait"].includes(series.labels.mode ?? "")));
    const used = samplesOf(all, (sum, at) => (sum - (idle.get(at) ?? 0)) / (stepMs / 1000));
    // A window that was cut off counts less: the CPUs are those of most windows.
    const cpus = [...all.values()].sort((a, b) => a - b)[all.size >> 1] ?? 0;
    const limit = latest(measured, QUOTA) ?? Math.round((cpus / (stepMs / 1000)) * 100) / 100;
    return limit > 0 ? [{ used, limit }] : [];
  },
};

const memory: Resource = {
  name: "memory",
  unit: "bytes",
  requestedName: "plimsoll_requested_memory_bytes",
  names: [TOTAL, AVAILABLE, "plimsoll_requested_memory_bytes"],
  stocks: (measured) => stockOf(measured, TOTAL, AVAILABLE),
};

const disk: Resource = {
  name: "disk",
  unit: "bytes",
  requestedName: "plimsoll_requested_disk_bytes",
  names: [SIZE, FREE, "plimsoll_requested_disk_bytes"],
  stocks: (measured) => {
    // What is mounted twice is there once.
    const places = new Map(
      measured
        .filter(({ series }) => series.name === SIZE)
        .map(({ series: { labels } }) => [labels.device ?? labels.mountpoint, labels.mountpoint]),
    );
    return [...places].flatMap(([device, mountpoint]) =>
      stockOf(
        measured.filter(
          ({ series: { labels } }) =>
            labels.mountpoint === mountpoint && (labels.device ?? labels.mountpoint) === device,
        ),
        SIZE,
        FREE,
      ),
    );
  },
};

export const RESOURCES: readonly Resource[] = [cpu, memory, disk];

function stockOf(measured: readonly Measured[], size: string, free: string): readonly Stock[] {
  const limit = latest(measured, size);
  if (limit === undefined || limit <= 0) return [];
  const all = sumOf(measured.filter(({ series }) => series.name === size));
  const rest = sumOf(measured.filter(({ series }) => series.name === free));
  return [{ limit, used: samplesOf(all, (sum, at) => sum - (rest.get(at) ?? Number.NaN)) }];
}

/** The last that was said of a gauge, by whichever container said it last. */
export function latest(measured: readonly Measured[], name: string): number | undefined {
  let [lastMs, last]: [number, number | undefined] = [Number.NEGATIVE_INFINITY, undefined];
  for (const { series, windows } of measured) {
    if (series.name !== name || windows.kind !== "gauge") continue;
    const at = windows.mean.times.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (at > lastMs) [lastMs, last] = [at, windows.mean.values.at(-1)];
  }
  return last;
}

function sumOf(measured: readonly Measured[]): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const { windows } of measured) {
    const { times, values } = windows.kind === "counter" ? windows.increase : windows.mean;
    for (const [i, time] of times.entries()) sums.set(time, (sums.get(time) ?? 0) + (values[i] ?? 0));
  }
  return sums;
}

function samplesOf(sums: ReadonlyMap<number, number>, figure: (sum: number, at: number) => number): Samples {
  const figures = [...sums]
    .map(([at, sum]) => [at, figure(sum, at)] as const)
    .filter(([, value]) => Number.isFinite(value))
    .sort(([a], [b]) => a - b);
  return { times: figures.map(([at]) => at), values: figures.map(([, value]) => value) };
}
