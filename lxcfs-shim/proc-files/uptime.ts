import type { ContainerView, HostText, ProcFile } from "./types.ts";

// 760.07 1469.44
//
// Documentation/filesystems/proc.rst, "uptime": seconds since the start, and seconds of idle time
// summed over the CPUs.

/** Ticks per second of /proc: USER_HZ is 100 on every architecture Node runs on. */
const USER_HZ = 100;

export const uptime: ProcFile = {
  path: "uptime",
  describes: "the age of the container's first process; idle is the sum of /proc/stat's",
  needs: ["cpu"],
  without: "partial",
  fields: [
    {
      field: "uptime",
      from: "the age of its first process (/proc/PID/stat); in a time namespace of its own the kernel's (timens_offsets)",
    },
    { field: "idle", from: "the sum of stat's idle" },
  ],
  render,
};

function render(view: ContainerView, host: HostText): string {
  const idleSeconds =
    view.cpu === undefined ? hostIdleSeconds(host.text("uptime")) : view.cpu.total.idle / USER_HZ;
  return `${view.uptimeSeconds.toFixed(2)} ${idleSeconds.toFixed(2)}\n`;
}

function hostIdleSeconds(text: string): number {
  return Number(/^\d+\.\d+ (\d{1,12}\.\d+)$/m.exec(text)?.[1] ?? 0);
}
