import { readlinkSync } from "node:fs";
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
  /** How many pid namespaces it is below the server's, where whoever found it has seen that. */
  readonly pidLevel?: number;
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

/** Of a process in another pid namespace than the server's or another cgroup namespace. */
export interface OwnNamespaces {
  readonly cgroup: Namespace | undefined;
  readonly pid: Namespace;
}

/** The oldest process of a pair, with the pair it is in itself. */
export interface FirstProcess extends ProcessRef {
  readonly pair: NamespacePair;
}

/** A zombie holds its pid, and nothing else. */
export function isRunning({ state }: Pick<PidStat, "state">): boolean {
  return state !== "Z" && state !== "X";
}
