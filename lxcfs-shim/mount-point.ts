import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { HostRoot } from "../core/kernel/host-root.ts";
import { type Mount, readMountinfo } from "../core/kernel/proc/mountinfo.ts";
import { errnoOf, errorLine, PlimsollError } from "../core/runtime/errors.ts";
import { exec } from "../core/runtime/exec.ts";
import type { Logger } from "../core/runtime/log.ts";
import { detachMount, FILE_SYSTEM_TYPE } from "./mount.ts";

/** So many dead mounts may lie on top of each other: each killed server leaves one. */
const STALE_MOUNTS_MAX = 32;

/**
 * Makes `directory` ready to be mounted on and returns its absolute path: created if it is not there, cleared of what a
 * killed server left. Throws PlimsollError `MOUNT_POINT` for anything that must not be covered.
 */
export async function prepareMountPoint(root: HostRoot, directory: string, log: Logger): Promise<string> {
  const path = locate(root, directory);
  await clearStaleMounts(root, path, log);
  try {
    makeDirectory(path);
    if (readdirSync(path).length > 0) throw refused(path, "not empty", { hint: "choose an empty directory" });
    return path;
  } catch (error) {
    throw error instanceof PlimsollError ? error : unusable(path, error);
  }
}

/** The uppermost mount on exactly this path. */
export function findMount(root: HostRoot, path: string): Mount | undefined {
  return readMountinfo(root)?.findLast((mount) => mount.mountPoint === path);
}

/**
 * The path without symbolic links. A mount point itself is never touched: behind it may be a dead
 * server, or one that does not answer.
 */
function locate(root: HostRoot, directory: string): string {
  const path = resolve(directory);
  try {
    makeDirectory(dirname(path));
    const candidate = join(realpathSync(dirname(path)), basename(path));
    if (findMount(root, candidate) !== undefined || !isSymbolicLink(candidate)) return candidate;
    return realpathSync(candidate);
  } catch (cause) {
    throw unusable(path, cause);
  }
}

/** `mkdirSync`'s own way of making parents tries for ever where a parent is there and takes no directories (/proc). */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
}

function isSymbolicLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

async function clearStaleMounts(root: HostRoot, path: string, log: Logger): Promise<void> {
  for (let cleared = 0; cleared < STALE_MOUNTS_MAX; cleared++) {
    const mount = findMount(root, path);
    if (mount === undefined) return;
    if (mount.type !== FILE_SYSTEM_TYPE) {
      throw refused(path, `${mount.type} is mounted there`, { hint: "choose an empty directory" });
    }
    const state = await probeMount(path);
    if (state !== "stale") {
      const silent = state === "silent" ? " and does not answer" : "";
      throw refused(path, `another plimsoll-shim is mounted there${silent}`, {
        hint: "stop it, or choose another directory",
      });
    }
    await detachMount(path);
    log.warn({ mountPoint: path }, "stale mount of a killed server removed");
  }
}

/**
 * Whether somebody serves the mount. Asked by a process that can be given up: the answer comes from a
 * server that may never send one, and a thread of ours could not be taken out of that wait. Asked for the file system:
 * attributes of files are answered from memory when the server is long dead.
 */
export async function probeMount(path: string): Promise<"live" | "stale" | "silent"> {
  try {
    await exec(["stat", "--file-system", "--format=%i", path], { timeoutMs: 3000 });
    return "live";
  } catch (error) {
    return /not connected/.test(errorLine(error)) ? "stale" : "silent";
  }
}

function unusable(path: string, cause: unknown): PlimsollError {
  const isFile = errnoOf(cause) === "EEXIST" || errnoOf(cause) === "ENOTDIR";
  return refused(path, isFile ? "not a directory" : "cannot be used", isFile ? {} : { cause });
}

function refused(
  path: string,
  what: string,
  options: { readonly hint?: string; readonly cause?: unknown },
): PlimsollError {
  return new PlimsollError("MOUNT_POINT", `mount point ${path}: ${what}`, options);
}
