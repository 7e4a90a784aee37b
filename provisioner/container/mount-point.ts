import { readFileSync, rmdirSync } from "node:fs";
import { errnoOf } from "../../core/runtime/errors.ts";
import { exec } from "../../core/runtime/exec.ts";

/** Whether something is mounted at `path` in our mount namespace; never touches what is mounted, so a dead FUSE mount is fine. */
export function isMountPoint(path: string): boolean {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.some((line) => line.split(" ")[4] === path);
}

/**
 * Unmounts what a crash left at `path` and removes the directory; never anything inside it. One
 * that is not there is fine.
 */
export async function removeMountPoint(path: string): Promise<void> {
  while (isMountPoint(path)) await exec(["umount", "--lazy", path]);
  try {
    rmdirSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
