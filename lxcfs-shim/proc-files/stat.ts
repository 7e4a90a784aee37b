import type { ContainerView, CpuTicks, CpuView, HostText, ProcFile } from "./types.ts";

// cpu  2575 0 1774 146944 250 0 51 8 0 0
// cpu0 934 0 764 74033 31 0 18 3 0 0
// intr 199674 0 0 …
// ctxt 496076
// btime 1795412661
// processes 6389
// procs_running 4
// procs_blocked 0
// softirq 86422 0 12843 …
//
// Documentation/filesystems/proc.rst, "Miscellaneous kernel statistics". The ten times are user nice
// system idle iowait irq softirq steal guest guest_nice, in USER_HZ ticks; two spaces after `cpu`.

export const stat: ProcFile = {
  path: "stat",
  describes:
    "the container's CPU times, processes, procs_running and procs_blocked; intr, ctxt and softirq are the host's",
  needs: ["cpu"],
  without: "partial",
  fields: [
    {
      field: "user, system",
      from: {
        v1: "cpuacct.usage, divided as cpuacct.usage_user and _sys say, evenly over its CPUs",
        v2: "cpu.stat usage_usec, divided as user_usec and system_usec say, evenly over its CPUs",
      },
    },
    { field: "nice", from: { v1: "0: not counted", v2: "cpu.stat nice_usec (Linux 6.11), else 0" } },
    { field: "idle", from: "age × min(quota, CPUs) − used" },
    { field: "iowait, irq, softirq, steal, guest, guest_nice", from: "0: not counted" },
    { field: "processes", from: "its last pid, or its threads where those are more" },
    { field: "procs_running, procs_blocked", from: "states of its tasks; the reader is one that runs" },
    { field: "btime", from: "the host's, and in a time namespace of its own as much later as that" },
    { field: "intr, ctxt, softirq, every other line", from: {} },
  ],
  render,
};

function render(view: ContainerView, host: HostText): string {
  const lines = host.text("stat").split("\n");
  const rest = lines.filter((line) => !line.startsWith("cpu"));
  const { cpu } = view;
  const times = cpu === undefined ? hostTimes(lines, view.cpus) : containerTimes(cpu, view.cpus);
  return [...times, ...rest.map((line) => renderCount(line, view))].join("\n");
}

function containerTimes(cpu: CpuView, ids: readonly number[]): string[] {
  return [
    renderTicks("cpu ", cpu.total),
    ...cpu.ticks.map((ticks, index) => renderTicks(`cpu${ids[index]}`, ticks)),
  ];
}

/** iowait, irq, softirq, steal and guest times are not kept per cgroup: 0. */
function renderTicks(label: string, { user, nice, system, idle }: CpuTicks): string {
  return `${label} ${user} ${nice} ${system} ${idle} 0 0 0 0 0 0`;
}

function renderCount(line: string, { cpu, bootDelaySeconds = 0 }: ContainerView): string {
  const name = line.slice(0, Math.max(0, line.indexOf(" ")));
  switch (name) {
    case "btime":
      // Start times in /proc/PID/stat count from there, in the reader's own time namespace.
      return `btime ${Math.floor(Number(line.slice(name.length)) + bootDelaySeconds)}`;
    case "processes":
      return cpu === undefined ? line : `processes ${cpu.processes}`;
    case "procs_running":
      return cpu === undefined ? line : `procs_running ${cpu.running}`;
    case "procs_blocked":
      return cpu === undefined ? line : `procs_blocked ${cpu.blocked}`;
    default:
      return line;
  }
}

/** Without CPU accounting the times are the host's, but of the container's CPUs only: the count agrees with cpuinfo. */
function hostTimes(lines: readonly string[], ids: readonly number[]): string[] {
  const labels = new Set(ids.map((id) => `cpu${id}`));
  return lines.filter((line) => {
    const label = line.slice(0, Math.max(0, line.indexOf(" ")));
    return label === "cpu" || labels.has(label);
  });
}
