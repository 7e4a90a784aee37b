import { parseStat, type StatCpu, type StatTicks } from "../../core/kernel/proc/stat.ts";
import type { Series } from "../../core/metrics/series.ts";
import { counter, point } from "../metric.ts";
import { defineSource, type SourceKind } from "../source-kind.ts";

const CPU = counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.");
const GUEST = counter(
  "node_cpu_guest_seconds_total",
  "Seconds the CPUs spent in guests (VMs) for each mode.",
);

/** The kernel's USER_HZ, 100 on every architecture Linux runs containers on. */
const TICKS_PER_SECOND = 100;

const MODES = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"] as const;

/** A fall of idle time beyond this is a CPU that was taken away and came back: its counters start again. */
const RESTART_TICKS = 3 * TICKS_PER_SECOND;

/** CPU time from the rows of /proc/stat, never from a number of CPUs found elsewhere: the two may differ. */
export const cpu: SourceKind = defineSource({
  name: "cpu",
  describes: "seconds of each CPU by mode",
  open: () => {
    let known: ReadonlyMap<number, StatTicks> = new Map();
    return async ({ nowMs, read }) => {
      const { cpus } = parseStat(await read("/proc/stat"), "/proc/stat");
      const steady = cpus.map((row) => neverFalling(known.get(row.id), row));
      known = new Map(steady.map((row) => [row.id, row]));
      return steady.flatMap((row) => pointsOf(row, nowMs));
    };
  },
});

/**
 * Idle and iowait may go back by a few ticks (proc(5)), which a rate() would take for a restart and
 * count as an enormous leap: the higher value stands until the kernel has caught up.
 */
function neverFalling(before: StatTicks | undefined, now: StatCpu): StatCpu {
  if (before === undefined || before.idle - now.idle > RESTART_TICKS) return now;
  const highest = (field: keyof StatTicks): number => Math.max(before[field], now[field]);
  return {
    id: now.id,
    user: highest("user"),
    nice: highest("nice"),
    system: highest("system"),
    idle: highest("idle"),
    iowait: highest("iowait"),
    irq: highest("irq"),
    softirq: highest("softirq"),
    steal: highest("steal"),
    guest: highest("guest"),
    guestNice: highest("guestNice"),
  };
}

function pointsOf(cpu: StatCpu, nowMs: number): Series[] {
  const id = String(cpu.id);
  const seconds = (ticks: number): number => ticks / TICKS_PER_SECOND;
  return [
    ...MODES.map((mode) => point(CPU, { cpu: id, mode }, seconds(cpu[mode]), nowMs)),
    point(GUEST, { cpu: id, mode: "user" }, seconds(cpu.guest), nowMs),
    point(GUEST, { cpu: id, mode: "nice" }, seconds(cpu.guestNice), nowMs),
  ];
}
