import type { CgroupStats } from "./stats.ts";

/**
 * Where a process is, from /proc/PID/cgroup: on v2 (and for the unified side of a hybrid host) one
 * path, on v1 one path per controller. Paths start with `/` and are relative to the hierarchy's root.
 */
export interface CgroupPath {
  readonly unified: string | undefined;
  /** v1 only: controller name → path. Empty on pure v2. */
  readonly controllers: ReadonlyMap<string, string>;
}

/** Reads cgroups of one hierarchy layout. Never throws for a cgroup that vanished: what is gone is `undefined`. */
export interface CgroupReader {
  readonly version: 1 | 2;
  /** This cgroup's own numbers. Limits are its own: see `readEffective` in effective.ts for the minimum over the ancestors. */
  read(path: CgroupPath): CgroupStats;
  /** One level up in every hierarchy; undefined when the path is already the root everywhere. */
  parentOf(path: CgroupPath): CgroupPath | undefined;
  /** Every process in the cgroup and all below it, host numbering. Empty when it is gone. */
  processes(path: CgroupPath): readonly number[];
}
