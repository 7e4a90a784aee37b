import { parseUptime } from "../../core/kernel/proc/uptime.ts";
import { gauge, point } from "../metric.ts";
import type { Source } from "./types.ts";

const BOOT_TIME = gauge("node_boot_time_seconds", "Node boot time, in unixtime.");
const TIME = gauge("node_time_seconds", "System time in seconds since epoch (1970).");

/** Now and uptime are read a moment apart: less than this is no reboot and no step of the clock. */
const TOLERANCE_SECONDS = 2;

/**
 * The boot time is now − /proc/uptime, not `btime` of /proc/stat: uptime is what a container's own view
 * shows first, so a restarted container has its own start even where /proc/stat is the host's.
 * It must not flicker between two seconds, because alert rules take a change for a reboot.
 */
export function openUptimeSource(): Source {
  let known = Number.NaN;
  return {
    name: "uptime",
    sample: async ({ nowMs, read }) => {
      const { uptimeSeconds } = parseUptime(await read("/proc/uptime"), "/proc/uptime");
      const bootSeconds = nowMs / 1000 - uptimeSeconds;
      if (!(Math.abs(bootSeconds - known) <= TOLERANCE_SECONDS)) known = Math.round(bootSeconds);
      return [point(BOOT_TIME, {}, known, nowMs), point(TIME, {}, nowMs / 1000, nowMs)];
    },
  };
}
