import { readdirSync } from "node:fs";
import { openCgroupReader } from "../../core/kernel/cgroup/open-reader.ts";
import type { CgroupReader } from "../../core/kernel/cgroup/reader.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { type PidStat, parsePidStat, readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { readPidStatus } from "../../core/kernel/proc/pid-status.ts";
import { readKernelAttribute } from "../../core/kernel/text.ts";
import type { Container } from "./container.ts";
import { readNamespace } from "./namespaces.ts";

/** The tasks of a container at one moment. */
export interface TaskCensus {
  readonly running: number;
  /** In uninterruptible sleep. */
  readonly blocked: number;
  readonly threads: number;
  /** The newest process, in the container's numbering; 0 when there is none. */
  readonly lastPid: number;
}

/** So many tasks are looked at; what is beyond counts as asleep. Bounds what one container can cost: about 50 ms. */
const MAX_TASKS = 4096;

/** Counts a container's tasks. */
export function openCensus(
  root: HostRoot,
  reader: CgroupReader = openCgroupReader(root),
): (container: Container) => TaskCensus {
  return (container) => {
    const { cgroup } = container;
    // The processes of the root cgroup are the host's.
    const pids = reader.parentOf(cgroup) === undefined ? [] : reader.processes(cgroup);
    return readTaskCensus(root, pids, container);
  };
}

/** How a container numbers its processes. */
type Numbering = Pick<Container, "init" | "pidLevel">;

/** Looks at every thread of `pids`, the processes of its cgroup: those are counted, whatever pid namespace they are in. */
export function readTaskCensus(root: HostRoot, pids: readonly number[], numbering: Numbering): TaskCensus {
  const states: string[] = [];
  const processes: PidStat[] = [];
  let threads = 0;
  for (const pid of pids.slice(0, MAX_TASKS)) {
    const stat = readPidStat(root, pid);
    if (stat === undefined) continue;
    threads += stat.threads;
    processes.push(stat);
    const isAlone = stat.threads <= 1 || states.length >= MAX_TASKS;
    states.push(...(isAlone ? [stat.state] : threadStates(root, pid)));
  }
  return {
    running: states.filter((state) => state === "R").length,
    blocked: states.filter((state) => state === "D").length,
    threads: threads + Math.max(0, pids.length - MAX_TASKS),
    lastPid: lastPidInside(root, processes, numbering),
  };
}

function threadStates(root: HostRoot, pid: number): string[] {
  try {
    return readdirSync(root.proc(`${pid}/task`)).flatMap((thread) => {
      const path = root.proc(`${pid}/task/${thread}/stat`);
      const text = readKernelAttribute(path);
      return text === undefined ? [] : [parsePidStat(text, path).state];
    });
  } catch {
    // Ended while it was looked at.
    return [];
  }
}

/** Of the newest process that the container can see: who has entered its cgroup only has no number in it. */
function lastPidInside(root: HostRoot, processes: readonly PidStat[], numbering: Numbering): number {
  const newestFirst = processes.toSorted((a, b) => b.startTicks - a.startTicks || b.pid - a.pid);
  for (const { pid } of newestFirst) {
    const inside = pidInside(root, pid, numbering);
    if (inside !== undefined) return inside;
  }
  return 0;
}

/** A process deeper than the container is in a namespace below its own; one of the same depth may be in another's. */
function pidInside(root: HostRoot, pid: number, { init, pidLevel }: Numbering): number | undefined {
  const nsPids = readPidStatus(root, pid)?.nsPids ?? [];
  const inside = nsPids[pidLevel];
  if (inside === undefined) return undefined;
  const isDeeper = nsPids.length > pidLevel + 1;
  return isDeeper || pid === init || sharePids(root, pid, init) ? inside : undefined;
}

function sharePids(root: HostRoot, pid: number, init: number): boolean {
  try {
    return readNamespace(root, pid, "pid") === readNamespace(root, init, "pid");
  } catch {
    return true; // a security module keeps us out: their depth has to do
  }
}
