import type { CgroupReader } from "../../core/kernel/cgroup/reader.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { ParseError } from "../../core/kernel/parse-error.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { type PidStatus, readPidStatus } from "../../core/kernel/proc/pid-status.ts";
import { isRootCgroup } from "./cgroup-places.ts";
import { readContainerCgroup } from "./container.ts";
import { type FirstProcess, isRunning, type Namespace, namespacePair, readNamespace } from "./namespaces.ts";

/** How many parents are followed. */
const PARENTS_MAX = 32;
/** In so many cgroups, the caller's own and some below it, so many processes are looked at, those with the lowest pids. */
const CGROUPS_MAX = 8;
const NEIGHBOURS_MAX = 512;

export interface Surroundings {
  readonly root: HostRoot;
  readonly reader: CgroupReader;
}

/**
 * The first process of a pid namespace, where it is near to one that is in it: among its parents, as of all that was started
 * inside, or in its cgroup, as of what an engine has put in (docker exec). Undefined where everybody has to be looked at.
 */
export function findNearbyInit(
  { root, reader }: Surroundings,
  pid: number,
  namespace: Namespace,
): FirstProcess | undefined {
  try {
    return amongParents(root, pid, namespace) ?? amongNeighbours({ root, reader }, pid, namespace);
  } catch (error) {
    // Kept from us by a security module (EACCES): then it is not found here.
    if (error instanceof Error && ("code" in error || error instanceof ParseError)) return undefined;
    throw error;
  }
}

/** Orphans in a pid namespace become its init's children. The caller is in `namespace`. */
function amongParents(root: HostRoot, caller: number, namespace: Namespace): FirstProcess | undefined {
  let pid = caller;
  for (let generation = 0; generation < PARENTS_MAX; generation += 1) {
    if (pid !== caller && readNamespace(root, pid, "pid") !== namespace) return undefined;
    const status = readPidStatus(root, pid);
    if (status === undefined) return undefined;
    if (isInit(status)) return firstProcess(root, pid, namespace, status);
    pid = status.ppid;
  }
  return undefined;
}

function amongNeighbours(
  { root, reader }: Surroundings,
  caller: number,
  namespace: Namespace,
): FirstProcess | undefined {
  const cgroup = readContainerCgroup(root, caller);
  if (cgroup === undefined || isRootCgroup(cgroup)) return undefined;
  const pids = reader.processes(cgroup, CGROUPS_MAX).toSorted((a, b) => a - b);
  for (const pid of pids.slice(0, NEIGHBOURS_MAX)) {
    const status = readNamespace(root, pid, "pid") === namespace ? readPidStatus(root, pid) : undefined;
    if (status !== undefined && isInit(status)) return firstProcess(root, pid, namespace, status);
  }
  return undefined;
}

function isInit({ nsPids }: PidStatus): boolean {
  return nsPids.at(-1) === 1;
}

function firstProcess(
  root: HostRoot,
  pid: number,
  namespace: Namespace,
  { nsPids }: PidStatus,
): FirstProcess | undefined {
  const stat = readPidStat(root, pid);
  if (stat === undefined || !isRunning(stat)) return undefined;
  const pair = namespacePair({ cgroup: readNamespace(root, pid, "cgroup"), pid: namespace });
  return { pid, startTicks: stat.startTicks, pidLevel: nsPids.length - 1, pair };
}
