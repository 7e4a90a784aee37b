import type { Samples } from "../history/buckets.ts";
import type { Measured, SeriesName, Wanted } from "../history/reader.ts";

/** What a machine is compared by: one figure for each window, out of series that are not compared themselves. */
export interface Measure extends Wanted {
  readonly name: string;
  readonly unit: "ratio" | "bytes per second";
  /** What the figure says. */
  readonly summary: string;
  compute(measured: readonly Measured[], stepMs: number): Samples;
}

const CPU = "node_cpu_seconds_total";
const [TOTAL, AVAILABLE] = ["node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes"];
const [SIZE, FREE] = ["node_filesystem_size_bytes", "node_filesystem_avail_bytes"];
const NETWORK = ["node_network_receive_bytes_total", "node_network_transmit_bytes_total"];

const cpu: Measure = {
  name: "cpu",
  unit: "ratio",
  summary: "part of its CPUs that was busy",
  names: [CPU],
  needs: ({ name }) => name === CPU,
  compute: (measured) => {
    const idle = sumOf(measured.filter(({ series }) => isIdle(series.labels.mode)).map(figuresOf));
    return quotient(sumOf(measured.map(figuresOf)), (all, at) => (all - (idle.get(at) ?? 0)) / all);
  },
};

const memory: Measure = {
  name: "memory",
  unit: "ratio",
  summary: "part of its memory that was not available",
  names: [TOTAL, AVAILABLE],
  needs: ({ name }) => name === TOTAL || name === AVAILABLE,
  compute: (measured) => {
    const available = sumOf(measured.filter(({ series }) => series.name === AVAILABLE).map(figuresOf));
    const total = sumOf(measured.filter(({ series }) => series.name === TOTAL).map(figuresOf));
    return quotient(total, (all, at) => (all - (available.get(at) ?? Number.NaN)) / all);
  },
};

const disk: Measure = {
  name: "disk",
  unit: "ratio",
  summary: "part of its fullest file system that was used",
  names: [SIZE, FREE],
  needs: ({ name }) => name === SIZE || name === FREE,
  compute: (measured) => {
    const fullest = new Map<number, number>();
    for (const { series, windows } of measured) {
      if (series.name !== SIZE) continue;
      const rest = measured.find(
        (other) => other.series.name === FREE && isSameFileSystem(other.series, series),
      );
      const free = sumOf(rest === undefined ? [] : [figuresOf(rest)]);
      const { times, values } = quotient(
        sumOf([figuresOf({ series, windows })]),
        (size, at) => (size - (free.get(at) ?? Number.NaN)) / size,
      );
      for (const [i, time] of times.entries()) {
        fullest.set(time, Math.max(fullest.get(time) ?? 0, values[i] ?? 0));
      }
    }
    return samplesOf(fullest);
  },
};

const network: Measure = {
  name: "network",
  unit: "bytes per second",
  summary: "received and sent over all its interfaces but loopback",
  names: NETWORK,
  needs: ({ name, labels }) => NETWORK.includes(name) && labels.device !== "lo",
  compute: (measured, stepMs) => quotient(sumOf(measured.map(figuresOf)), (bytes) => bytes / (stepMs / 1000)),
};

export const MEASURES: readonly Measure[] = [cpu, memory, disk, network];

function isIdle(mode: string | undefined): boolean {
  return mode === "idle" || mode === "iowait";
}

function isSameFileSystem(one: SeriesName, other: SeriesName): boolean {
  return one.labels.mountpoint === other.labels.mountpoint && one.labels.device === other.labels.device;
}

function figuresOf({ windows }: Measured): Samples {
  return windows.kind === "counter" ? windows.increase : windows.mean;
}

function sumOf(parts: readonly Samples[]): Map<number, number> {
  const sums = new Map<number, number>();
  for (const { times, values } of parts) {
    for (const [i, time] of times.entries()) sums.set(time, (sums.get(time) ?? 0) + (values[i] ?? 0));
  }
  return sums;
}

/** A figure of each sum; windows for which there is none are left out. */
function quotient(sums: ReadonlyMap<number, number>, figure: (sum: number, at: number) => number): Samples {
  const figures = [...sums].map(([at, sum]): [number, number] => [at, figure(sum, at)]);
  return samplesOf(new Map(figures.filter(([, value]) => Number.isFinite(value))));
}

function samplesOf(figures: ReadonlyMap<number, number>): Samples {
  const sorted = [...figures].sort(([a], [b]) => a - b);
  return { times: sorted.map(([time]) => time), values: sorted.map(([, value]) => value) };
}
