import { readdirSync } from "node:fs";
import { openCgroupReader } from "../../core/kernel/cgroup/open-reader.ts";
import type { CgroupReader } from "../../core/kernel/cgroup/reader.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { type PidStat, parsePidStat, readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { readPidStatus } from "../../core/kernel/proc/pid-status.ts";
import { readKernelAttribute } from "../../core/kernel/text.ts";
import type { Container } from "./container.ts";

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
  return ({ cgroup, pidLevel }) => {
    // The processes of the root cgroup are the host's.
    const pids = reader.parentOf(cgroup) === undefined ? [] : reader.processes(cgroup);
    return readTaskCensus(root, pids, pidLevel);
  };
}

/** Looks at every thread of `pids`. `pidLevel`: which of a process's pids the container sees. */
export function readTaskCensus(root: HostRoot, pids: readonly number[], pidLevel: number): TaskCensus {
  const states: string[] = [];
  let threads = 0;
  let newest: PidStat | undefined;
  for (const pid of pids.slice(0, MAX_TASKS)) {
    const stat = readPidStat(root, pid);
    if (stat === undefined) continue;
    threads += stat.threads;
    if (newest === undefined || stat.startTicks >= newest.startTicks) newest = stat;
    const isAlone = stat.threads <= 1 || states.length >= MAX_TASKS;
    states.push(...(isAlone ? [stat.state] : threadStates(root, pid)));
  }
  return {
    running: states.filter((state) => state === "R").length,
    blocked: states.filter((state) => state === "D").length,
    threads: threads + Math.max(0, pids.length - MAX_TASKS),
    lastPid: newest === undefined ? 0 : pidInside(root, newest.pid, pidLevel),
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

function pidInside(root: HostRoot, pid: number, pidLevel: number): number {
  const nsPids = readPidStatus(root, pid)?.nsPids;
  return nsPids?.[pidLevel] ?? nsPids?.at(-1) ?? 0;
}
