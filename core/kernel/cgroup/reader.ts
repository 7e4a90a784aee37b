import type { CgroupLimits, CgroupStats } from "./stats.ts";

/**
 * Where a process is, from /proc/PID/cgroup: on v2 (and for the unified side of a hybrid host) one
 * path, on v1 one path per controller. Paths start with `/` and are relative to the hierarchy's root.
 */
export interface CgroupPath {
  readonly unified: string | undefined;
  /** v1 only: controller name → path. Empty on pure v2. */
  readonly controllers: ReadonlyMap<string, string>;
}

/**
 * Reads cgroups of one host. Never throws for a cgroup that vanished: what is gone is `undefined`.
 * The root cgroup is the host, not a container: nothing is used or limited there but the set of CPUs.
 */
export interface CgroupReader {
  /** 2 when every controller is on the unified hierarchy. A hybrid host is 1. */
  readonly version: 1 | 2;
  /** This cgroup's own numbers, each part read when it is first asked for. */
  read(path: CgroupPath): CgroupStats;
  /** This cgroup's own limits and no more than that: see `readEffective` for those of its ancestors as well. */
  readLimits(path: CgroupPath): CgroupLimits;
  /** One level up in every hierarchy; undefined when the path is already the root everywhere. */
  parentOf(path: CgroupPath): CgroupPath | undefined;
  /** Every process in the cgroup and all below it, or in `maxCgroups` of them, host numbering. Empty when it is gone. */
  processes(path: CgroupPath, maxCgroups?: number): readonly number[];
}
