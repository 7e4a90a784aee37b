/*
 * 31 1 7:1 / /var/lib/plimsoll/machines/volumes/6f1c… rw,nodev shared:1 - ext4 /dev/loop4 rw
 *
 * /proc/PID/mountinfo (proc_pid_mountinfo(5)).
 */
import { readFileSync } from "node:fs";
import type { FileSystem } from "./types.ts";

export interface Mount {
  readonly device: string;
  readonly fileSystem: FileSystem;
}

/** The last mount at a directory, where it is of a file system of ours. */
export function parseMount(mountinfo: string, directory: string): Mount | undefined {
  const line = mountinfo.split("\n").findLast((each) => each.split(" ")[4] === directory);
  const [fileSystem, device = ""] = line?.split(" - ")[1]?.split(" ") ?? [];
  if (fileSystem !== "ext4" && fileSystem !== "xfs" && fileSystem !== "btrfs") return undefined;
  return { device, fileSystem };
}

export function findMount(directory: string): Mount | undefined {
  return parseMount(readFileSync("/proc/self/mountinfo", "utf8"), directory);
}
