import { parseOneLine, parseUnsigned } from "../../core/kernel/lines.ts";
import { readPageSize } from "../../core/kernel/page-size.ts";
import { type PidStat, readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import type { Series } from "../../core/metrics/series.ts";
import { gauge, point } from "../metric.ts";
import { count, defineSource, type SourceKind } from "../source-kind.ts";
import { TopProcesses } from "../top-processes.ts";

const THREADS = gauge("node_processes_threads", "Allocated threads in system");
const STATE = gauge("node_processes_state", "Number of processes in each state.");
const PIDS = gauge("node_processes_pids", "Number of PIDs");
const LIMITS = [
  ["threads-max", gauge("node_processes_max_threads", "Limit of threads in the system")],
  ["pid_max", gauge("node_processes_max_processes", "Number of max PIDs limit")],
] as const;

/** Read in a row before others get their turn, 20 µs each. */
const SLICE = 100;

/** Opt-in, as node_exporter has it: a file for each process. /proc/PID/stat never waits for anybody. */
export const processes: SourceKind = defineSource({
  name: "processes",
  describes: "processes by state, threads; each process costs 20 µs",
  isOff: true,
  options: {
    top: count(0, 50, "how many program names to show, by CPU time and by memory (`plimsoll_process_*`)"),
  },
  open: ({ top }, { root }) => {
    const biggest = top === 0 ? undefined : new TopProcesses(top, readPageSize(root));
    return async ({ nowMs, list, read }) => {
      const pids = (await list("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
      const stats: PidStat[] = [];
      for (const [index, pid] of pids.entries()) {
        if (index % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve));
        const stat = readPidStat(root, pid);
        if (stat !== undefined) stats.push(stat); // It may have ended since.
      }
      const limits = LIMITS.map(async ([file, metric]) => {
        const path = `/proc/sys/kernel/${file}`;
        const line = parseOneLine(await read(path), path);
        return point(metric, {}, parseUnsigned(line.text, line), nowMs);
      });
      return [
        ...totals(stats, nowMs),
        ...(await Promise.all(limits)),
        ...(biggest?.follow(stats, nowMs) ?? []),
      ];
    };
  },
});

function totals(stats: readonly PidStat[], nowMs: number): Series[] {
  const states = new Map<string, number>();
  let threads = 0;
  for (const stat of stats) {
    states.set(stat.state, (states.get(stat.state) ?? 0) + 1);
    threads += stat.threads;
  }
  return [
    point(PIDS, {}, stats.length, nowMs),
    point(THREADS, {}, threads, nowMs),
    ...[...states].sort().map(([state, number]) => point(STATE, { state }, number, nowMs)),
  ];
}
