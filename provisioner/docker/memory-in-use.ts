import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What the cgroup of a process uses, in bytes, and the kernel could not take back at once. Of the kernel itself: of a container
 * in another's network the engine's stats tell nothing (seen with 20.10).
 */
export function readMemoryInUse(pid: number, root = "/"): number {
  const { folder, usage, reclaimable } = memoryCgroup(readFileSync(join(root, `proc/${pid}/cgroup`), "utf8"));
  const directory = join(root, "sys/fs/cgroup", folder);
  const stat = readFileSync(join(directory, "memory.stat"), "utf8");
  const inactive = new RegExp(`^${reclaimable} (\\d+)$`, "m").exec(stat)?.[1] ?? 0;
  return Number(readFileSync(join(directory, usage), "utf8")) - Number(inactive);
}

interface MemoryCgroup {
  /** Below /sys/fs/cgroup. */
  readonly folder: string;
  readonly usage: string;
  /** In memory.stat: pages of files that nobody has used lately. */
  readonly reclaimable: string;
}

/** `4:memory:/docker/ID` of a hierarchy of its own (v1), else `0::/docker/ID` of the unified one (cgroups(7)). */
function memoryCgroup(text: string): MemoryCgroup {
  const own = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(text)?.[1];
  if (own !== undefined)
    return {
      folder: join("memory", own),
      usage: "memory.usage_in_bytes",
      reclaimable: "total_inactive_file",
    };
  const unified = /^0::(.*)$/m.exec(text)?.[1] ?? "/";
  return { folder: unified, usage: "memory.current", reclaimable: "inactive_file" };
}
