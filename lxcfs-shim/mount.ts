import { once } from "node:events";
import { existsSync, mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { errnoOf, PlimsollError } from "../core/runtime/errors.ts";
import { exec, startProcess } from "../core/runtime/exec.ts";

/** What /proc/self/mountinfo calls our mounts. */
export const FILE_SYSTEM_TYPE = "fuse.plimsoll";

/**
 * fd=3: the descriptor as the mount command sees it. rootmode: a directory. allow_other: containers' processes are
 * others. No default_permissions: for it the kernel would ask for the attributes before each open. The rest is what
 * /proc is mounted with.
 */
const MOUNT_OPTIONS = "fd=3,rootmode=40000,user_id=0,group_id=0,allow_other,nosuid,nodev,noexec";

/**
 * Mounts the FUSE device `descriptor` on `mountPoint`. mount(2) cannot be called from here, so mount(8) does it with the
 * descriptor passed down; the mount belongs to the open file, not to that process. -i: no helper such as mount.fuse.
 */
export async function mountDevice(descriptor: number, mountPoint: string): Promise<void> {
  const argv = ["mount", "-i", "-t", FILE_SYSTEM_TYPE, "-o", MOUNT_OPTIONS, "plimsoll", mountPoint];
  const child = startProcess(argv, { stdio: ["ignore", "ignore", "pipe", descriptor] });
  try {
    const [[code], stderr] = await Promise.all([
      once(child, "close"),
      child.stderr === null ? "" : text(child.stderr),
    ]);
    if (code !== 0) throw mountFailure(mountPoint, stderr.trim().split("\n")[0] ?? `exit code ${code}`);
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause;
    if (errnoOf(cause) !== "ENOENT") throw mountFailure(mountPoint, "mount cannot be started", { cause });
    throw mountFailure(mountPoint, "mount: command not found", { hint: "install util-linux" });
  }
}

function mountFailure(
  mountPoint: string,
  why: string,
  options: { hint?: string; cause?: unknown } = {},
): PlimsollError {
  return new PlimsollError("MOUNT", `cannot mount on ${mountPoint}: ${why}`, options);
}

/** Unmounts; while somebody has a file open there, takes the mount out of the tree and leaves the rest to the last close. */
export async function unmount(mountPoint: string): Promise<void> {
  try {
    await exec([...UMOUNT, mountPoint], { timeoutMs: 5000 });
  } catch {
    await detachMount(mountPoint);
  }
}

/** Takes the uppermost mount out of the tree, in use or not, served or dead. */
export async function detachMount(mountPoint: string): Promise<void> {
  await exec([...UMOUNT, "-l", mountPoint], { timeoutMs: 5000 });
}

/** -c: the path is not looked at, for a dead or silent server would be asked about it. -i: no helper. */
const UMOUNT = ["umount", "-i", "-c"] as const;

const CONTROL_DIRECTORY = "/sys/fs/fuse/connections";

/**
 * Ends a connection whatever holds it: its readers get ENOTCONN, the serving thread ECONNABORTED. Nothing
 * else wakes a thread that waits for requests of a file system which containers still have bound.
 */
export async function abortConnection(connection: number): Promise<void> {
  if (existsSync(join(CONTROL_DIRECTORY, `${connection}`))) return writeAbort(CONTROL_DIRECTORY, connection);
  // systemd mounts fusectl there; minimal hosts and containers lack it. All its mounts show the same.
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-fusectl-"));
  try {
    await exec(["mount", "-i", "-t", "fusectl", "none", directory]);
    try {
      writeAbort(directory, connection);
    } finally {
      await detachMount(directory);
    }
  } finally {
    rmdirSync(directory);
  }
}

function writeAbort(directory: string, connection: number): void {
  try {
    writeFileSync(join(directory, `${connection}`, "abort"), "1");
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error; // it has ended by itself
  }
}
