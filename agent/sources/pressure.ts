import { parsePressure, type StallTimes } from "../../core/kernel/proc/pressure.ts";
import type { Series } from "../../core/metrics/series.ts";
import { counter, type Metric, point } from "../metric.ts";
import { defineSource, NoData, readIfThere, type SourceKind } from "../source-kind.ts";
import type { SourceContext } from "./types.ts";

type Stalls = readonly (readonly [metric: Metric, seconds: (times: StallTimes) => number | undefined])[];

const some = (times: StallTimes): number | undefined => times.someSeconds;
const full = (times: StallTimes): number | undefined => times.fullSeconds;

/** A machine whose CPUs all wait for a CPU there is not: of the CPU only `some` means something. */
const RESOURCES: Readonly<Record<string, Stalls>> = {
  cpu: [
    [
      counter("node_pressure_cpu_waiting_seconds_total", "Seconds in which processes waited for a CPU."),
      some,
    ],
  ],
  io: [
    [counter("node_pressure_io_waiting_seconds_total", "Seconds in which processes waited for I/O."), some],
    [
      counter("node_pressure_io_stalled_seconds_total", "Seconds in which all processes waited for I/O."),
      full,
    ],
  ],
  memory: [
    [
      counter("node_pressure_memory_waiting_seconds_total", "Seconds in which processes waited for memory."),
      some,
    ],
    [
      counter(
        "node_pressure_memory_stalled_seconds_total",
        "Seconds in which all processes waited for memory.",
      ),
      full,
    ],
  ],
};

export const pressure: SourceKind = defineSource({
  name: "pressure",
  describes: "time lost waiting for CPU, memory and I/O (PSI)",
  open: () => async (context) => {
    const points = await Promise.all(
      Object.entries(RESOURCES).map(([resource, stalls]) => pointsOf(resource, stalls, context)),
    );
    const all = points.flat();
    if (all.length === 0) throw new NoData("the kernel keeps no pressure");
    return all;
  },
});

async function pointsOf(resource: string, stalls: Stalls, { nowMs, read }: SourceContext): Promise<Series[]> {
  const path = `/proc/pressure/${resource}`;
  const text = await readIfThere(read, path);
  if (text === undefined) return [];
  const times = parsePressure(text, path);
  return stalls.flatMap(([metric, seconds]) => {
    const value = seconds(times);
    return value === undefined ? [] : [point(metric, {}, value, nowMs)];
  });
}
