import { join } from "node:path";

/** Where the kernel's file systems are. Everything that reads Linux takes one, so a test points it at a directory. */
export interface HostRoot {
  /** `proc("meminfo")` → `/proc/meminfo`. */
  proc(name: string): string;
  /** `sys("devices/system/cpu")` → `/sys/devices/system/cpu`. */
  sys(name: string): string;
  /** `cgroup("memory")` → `/sys/fs/cgroup/memory`. */
  cgroup(name: string): string;
}

/** A host whose /proc and /sys are below `root`; `/` is the real one. */
export function openHostRoot(root = "/"): HostRoot {
  return {
    proc: (name) => join(root, "proc", name),
    sys: (name) => join(root, "sys", name),
    cgroup: (name) => join(root, "sys/fs/cgroup", name),
  };
}
