import type { ContainerView, HostText, ProcFile } from "./types.ts";

// 0.16 0.05 0.01 4/102 6389
//
// Documentation/filesystems/proc.rst, "loadavg": averages over 1, 5 and 15 minutes, tasks that run
// or could / tasks in all, the newest process id.

export const loadavg: ProcFile = {
  path: "loadavg",
  describes:
    "the container's own runnable and uninterruptible tasks; the last pid in the container's numbering",
  needs: ["load"],
  fields: [
    {
      field: "1, 5 and 15 minutes",
      from: "its running and uninterruptible tasks, damped by the kernel's constants",
    },
    {
      field: "running/threads",
      from: "states in /proc/PID/task/*/stat of cgroup.procs, those below included",
    },
    { field: "last pid", from: "its newest process that is in its pid namespace, in that numbering (NSpid)" },
  ],
  render,
};

function render(view: ContainerView, host: HostText): string {
  const { load } = view;
  if (load === undefined) return host.text("loadavg");
  const averages = [load.load1, load.load5, load.load15].map((value) => value.toFixed(2)).join(" ");
  return `${averages} ${load.running}/${load.threads} ${load.lastPid}\n`;
}
