import { ofLast } from "../../core/kernel/once.ts";
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

interface HostLine {
  readonly line: string;
  readonly name: string;
}

const parseHost = ofLast((text: string) => {
  const lines = text
    .split("\n")
    .map((line) => ({ line, name: line.slice(0, Math.max(0, line.indexOf(" "))) }));
  const isTimes = ({ name }: HostLine): boolean => name.startsWith("cpu");
  return { times: lines.filter(isTimes), counts: lines.filter((line) => !isTimes(line)) };
});

function render(view: ContainerView, host: HostText): string {
  const lines = parseHost(host.text("stat"));
  const { cpu } = view;
  const times = cpu === undefined ? hostTimes(lines.times, view.cpus) : containerTimes(cpu, view.cpus);
  return [...times, ...lines.counts.map((count) => renderCount(count, view))].join("\n");
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

function renderCount({ line, name }: HostLine, view: ContainerView): string {
  switch (name) {
    case "btime":
      // Start times in /proc/PID/stat count from there, in the reader's own time namespace.
      return `btime ${Math.floor(Number(line.slice(name.length)) + (view.bootDelaySeconds ?? 0))}`;
    case "processes":
      return view.cpu === undefined ? line : `processes ${view.cpu.processes}`;
    case "procs_running":
      return view.cpu === undefined ? line : `procs_running ${view.cpu.running}`;
    case "procs_blocked":
      return view.cpu === undefined ? line : `procs_blocked ${view.cpu.blocked}`;
    default:
      return line;
  }
}

/** Without CPU accounting the times are the host's, but of the container's CPUs only: the count agrees with cpuinfo. */
function hostTimes(lines: readonly HostLine[], ids: readonly number[]): string[] {
  const labels = new Set(["cpu", ...ids.map((id) => `cpu${id}`)]);
  return lines.flatMap(({ line, name }) => (labels.has(name) ? [line] : []));
}
