import { readdirSync, readlinkSync } from "node:fs";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { readPidStatus } from "../../core/kernel/proc/pid-status.ts";
import { errnoOf } from "../../core/runtime/errors.ts";

/** The kernel's name of a namespace, `pid:[4026531836]`: unique among those that live. */
export type Namespace = string;

/** The namespaces that tell a container from its host; undefined where the kernel has none of that kind. */
export interface NamespaceSet {
  readonly cgroup: Namespace | undefined;
  readonly pid: Namespace | undefined;
  readonly mnt: Namespace | undefined;
}

/** A process that stands for its namespace, safe against a reused pid. */
export interface ProcessRef {
  readonly pid: number;
  readonly startTicks: number;
}

/** Of one process; undefined when it is gone. EACCES is thrown. */
export function readNamespace(
  root: HostRoot,
  pid: number | "self",
  kind: keyof NamespaceSet,
): Namespace | undefined {
  try {
    return readlinkSync(root.proc(`${pid}/ns/${kind}`));
  } catch (error) {
    const code = errnoOf(error);
    // A process that died between the look-up and the readlink is EACCES too: only one that lives refuses.
    const gone = code === "EACCES" && readPidStat(root, pid) === undefined;
    if (gone || code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

/**
 * One pass over /proc: for every pid namespace but the host's its init (the process that is 1 in there), for every
 * cgroup namespace its oldest process, which is the one it was made for.
 */
export function scanNamespaces(root: HostRoot, host: NamespaceSet): ReadonlyMap<Namespace, ProcessRef> {
  const found = new Map<Namespace, ProcessRef>();
  for (const name of readdirSync(root.proc(""))) {
    if (!/^\d+$/.test(name)) continue;
    try {
      scanProcess(root, host, Number(name), found);
    } catch (error) {
      // One process that refuses, or a line we cannot read, must not hide the others.
      if (errnoOf(error) === "EMFILE") throw error;
    }
  }
  return found;
}

function scanProcess(
  root: HostRoot,
  host: NamespaceSet,
  pid: number,
  found: Map<Namespace, ProcessRef>,
): void {
  const cgroup = readNamespace(root, pid, "cgroup");
  const pidNamespace = readNamespace(root, pid, "pid");
  const foreignCgroup = cgroup !== undefined && cgroup !== host.cgroup;
  const isInit = pidNamespace !== undefined && pidNamespace !== host.pid && isNamespaceInit(root, pid);
  if (!foreignCgroup && !isInit) return;
  const stat = readPidStat(root, pid);
  if (stat === undefined || stat.state === "Z") return;
  const process: ProcessRef = { pid, startTicks: stat.startTicks };
  if (isInit) found.set(pidNamespace, process);
  if (foreignCgroup && isOlder(process, found.get(cgroup))) found.set(cgroup, process);
}

function isNamespaceInit(root: HostRoot, pid: number): boolean {
  return readPidStatus(root, pid)?.nsPids.at(-1) === 1;
}

/** Start times have 10 ms: of two in the same tick the one with the lower pid came first, but for a wrap of the pids. */
function isOlder(a: ProcessRef, b: ProcessRef | undefined): boolean {
  return b === undefined || a.startTicks < b.startTicks || (a.startTicks === b.startTicks && a.pid < b.pid);
}
