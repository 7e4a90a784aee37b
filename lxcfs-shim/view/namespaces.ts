import { readdirSync, readlinkSync } from "node:fs";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { type PidStat, readPidStat } from "../../core/kernel/proc/pid-stat.ts";
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
 * What is a machine of its own: a pair of cgroup and pid namespace. The one alone would not do: containers may share a
 * pid namespace, and whoever makes a cgroup namespace (unshare, a runtime) may stay in it, outside.
 */
export type NamespacePair = string;

export function namespacePair({ cgroup, pid }: Pick<NamespaceSet, "cgroup" | "pid">): NamespacePair {
  return `${cgroup} ${pid}`;
}

/** The oldest process of a pair, with the pair it is in itself. */
export interface FirstProcess extends ProcessRef {
  readonly pair: NamespacePair;
}

/**
 * One pass over /proc: for every pair of namespaces but the host's own its oldest process. A pid namespace's oldest is its
 * init, as nobody else can be in there before. One namespace of a container with the host's other is who has entered
 * the one alone (`nsenter -m -p`): that pair's oldest is the oldest of the one.
 */
export function scanNamespaces(root: HostRoot, host: NamespaceSet): ReadonlyMap<NamespacePair, FirstProcess> {
  const oldest = new Map<NamespacePair, FirstProcess>();
  for (const name of readdirSync(root.proc(""))) {
    if (!/^\d+$/.test(name)) continue;
    try {
      scanProcess(root, host, Number(name), oldest);
    } catch (error) {
      // One process that refuses, or whose files we cannot parse, must not hide the others.
      if (errnoOf(error) === "EMFILE") throw error;
    }
  }
  return oldest;
}

function scanProcess(
  root: HostRoot,
  host: NamespaceSet,
  pid: number,
  oldest: Map<NamespacePair, FirstProcess>,
): void {
  const own = { cgroup: readNamespace(root, pid, "cgroup"), pid: readNamespace(root, pid, "pid") };
  const pair = namespacePair(own);
  if (own.pid === undefined || pair === namespacePair(host)) return;
  const stat = readPidStat(root, pid);
  if (stat === undefined || !isRunning(stat)) return;
  const process: FirstProcess = { pid, startTicks: stat.startTicks, pair };
  const entered = [namespacePair({ ...own, cgroup: host.cgroup }), namespacePair({ ...own, pid: host.pid })];
  for (const key of [pair, ...entered]) {
    if (key !== namespacePair(host) && isOlder(process, oldest.get(key))) oldest.set(key, process);
  }
}

/** A zombie holds its pid, and nothing else. */
export function isRunning({ state }: PidStat): boolean {
  return state !== "Z" && state !== "X";
}

/** Start times are in ticks of 10 ms: of two in the same tick the one with the lower pid came first, but for a wrap of the pids. */
function isOlder(a: ProcessRef, b: ProcessRef | undefined): boolean {
  return b === undefined || a.startTicks < b.startTicks || (a.startTicks === b.startTicks && a.pid < b.pid);
}
