import { parseStat, type Stat } from "../../core/kernel/proc/stat.ts";
import { parseUptime } from "../../core/kernel/proc/uptime.ts";
import { counter, gauge, type Metric, point } from "../metric.ts";
import { defineSource, type SourceKind } from "../source-kind.ts";

const BOOT_TIME = gauge("node_boot_time_seconds", "Node boot time, in unixtime.");

const SCALARS: readonly (readonly [Metric, (stat: Stat) => number | undefined])[] = [
  [counter("node_intr_total", "Interrupts serviced."), (stat) => stat.interrupts],
  [counter("node_context_switches_total", "Context switches."), (stat) => stat.contextSwitches],
  [counter("node_forks_total", "Forks."), (stat) => stat.processes],
  [gauge("node_procs_running", "Processes that run or could run."), (stat) => stat.running],
  [gauge("node_procs_blocked", "Processes that wait for I/O."), (stat) => stat.blocked],
];

/** Now and uptime are read a moment apart: less than this is no reboot and no step of the clock. */
const TOLERANCE_SECONDS = 2;

/**
 * The boot time is now − /proc/uptime, not `btime` of /proc/stat: uptime is what a container's own view
 * shows first, so a restarted container has its own start even where /proc/stat is the host's.
 * It must not flicker between two seconds, because alert rules take a change for a reboot; and like `btime` it is never
 * later than the boot was, or the first sample would be older than its machine.
 */
export const stat: SourceKind = defineSource({
  name: "stat",
  describes: "interrupts, context switches, forks, running and blocked processes, boot time",
  open: () => {
    let bootSeconds = Number.NaN;
    return async ({ nowMs, read }) => {
      const [statText, uptimeText] = await Promise.all([read("/proc/stat"), read("/proc/uptime")]);
      const nowBoot = nowMs / 1000 - parseUptime(uptimeText, "/proc/uptime").uptimeSeconds;
      if (!(Math.abs(nowBoot - bootSeconds) <= TOLERANCE_SECONDS)) bootSeconds = Math.floor(nowBoot);
      const values = parseStat(statText, "/proc/stat");
      const points = SCALARS.flatMap(([metric, scalar]) => {
        const value = scalar(values);
        return value === undefined ? [] : [point(metric, {}, value, nowMs)];
      });
      return [...points, point(BOOT_TIME, {}, bootSeconds, nowMs)];
    };
  },
});
