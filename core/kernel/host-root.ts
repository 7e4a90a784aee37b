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
  return { proc: below(root, "proc"), sys: below(root, "sys"), cgroup: below(root, "sys/fs/cgroup") };
}

/** Names have nothing that `join` would take out, and it takes longer than some of the files. */
function below(root: string, folder: string): (name: string) => string {
  const directory = join(root, folder);
  return (name) => (name === "" ? directory : `${directory}/${name}`);
}
