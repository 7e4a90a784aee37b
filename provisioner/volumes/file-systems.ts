import { statfsSync } from "node:fs";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import type { Exec } from "../../core/runtime/exec.ts";
import { renderBytes } from "../step/render.ts";
import type { Mount } from "./mounts.ts";
import type { FileSystem } from "./types.ts";

const MIB = 2 ** 20;
/** A large ext4 that is nearly full moves nearly all of itself when it is made smaller. */
const RESIZE_MS = 6 * 3_600_000;
const MKFS_MS = 300_000;

interface FileSystemTools {
  readonly package: string;
  /** What mkfs refuses to go below. */
  readonly minBytes: number;
  make(path: string): readonly string[];
  /** Grows what is mounted at `directory` from `device` to all of the device. */
  grow(device: string, directory: string): readonly string[];
  /** Absent where that is impossible. Throws, with nothing changed, where what is in use does not fit. */
  shrink?(run: Exec, device: string, directory: string, bytes: number): Promise<void>;
}

/**
 * Made without discarding, which would punch holes into what was allocated. Signatures of an earlier
 * use are overwritten: the file or volume is ours and new.
 */
export const FILE_SYSTEMS: Readonly<Record<FileSystem, FileSystemTools>> = {
  ext4: {
    package: "e2fsprogs",
    minBytes: 16 * MIB,
    // Nothing is kept back for root: the machine's own root is who fills it.
    make: (path) => ["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard", path],
    grow: (device) => ["resize2fs", device],
    shrink: shrinkExt4,
  },
  xfs: {
    package: "xfsprogs",
    minBytes: 300 * MIB,
    make: (path) => ["mkfs.xfs", "-q", "-f", "-K", path],
    grow: (_, directory) => ["xfs_growfs", directory],
  },
  btrfs: {
    package: "btrfs-progs",
    minBytes: 128 * MIB,
    make: (path) => ["mkfs.btrfs", "-q", "-f", "--nodiscard", path],
    grow: (_, directory) => ["btrfs", "filesystem", "resize", "max", directory],
    shrink: shrinkBtrfs,
  },
};

export async function makeFileSystem(run: Exec, fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await run(FILE_SYSTEMS[fileSystem].make(path), { timeoutMs: MKFS_MS });
  } catch (cause) {
    const isMissing = errnoOf(cause) === "EXEC_MISSING";
    const hint = isMissing ? { hint: `apt-get install ${FILE_SYSTEMS[fileSystem].package}` } : {};
    throw new PlimsollError("VOLUME", "data volume: cannot be made", { cause, ...hint });
  }
}

/** Grows what is mounted to all of its device, which has so many bytes by now. Throws unless it has grown. */
export async function growFileSystem(
  run: Exec,
  { device, fileSystem }: Mount,
  directory: string,
  bytes: number,
): Promise<void> {
  await run(FILE_SYSTEMS[fileSystem].grow(device, directory), { timeoutMs: RESIZE_MS });
  // xfs_growfs ends with 0 as well when it has changed nothing.
  if (capacityOf(directory) < leastCapacity(bytes))
    throw new PlimsollError("VOLUME", `data volume: its ${fileSystem} has not grown to ${bytes} bytes`);
}

/** Makes what is on a device, mounted nowhere, end within `bytes`. `directory` is where it may be mounted meanwhile. */
export async function shrinkFileSystem(
  run: Exec,
  device: string,
  directory: string,
  bytes: number,
): Promise<void> {
  const { stdout } = await run(["blkid", "--probe", "--match-tag", "TYPE", "--output", "value", device]);
  const fileSystem = stdout.trim();
  const tools = Object.entries(FILE_SYSTEMS).find(([name]) => name === fileSystem)?.[1];
  if (tools?.shrink === undefined)
    throw new PlimsollError("SHRINK", `data volume: ${fileSystem} cannot be made smaller`, {
      hint: "copy the data to a machine with a smaller disk",
    });
  try {
    await tools.shrink(run, device, directory, bytes);
  } catch (cause) {
    const message = `data volume: cannot be made smaller to ${renderBytes(bytes)}`;
    throw new PlimsollError("SHRINK", message, { cause });
  }
}

/**
 * A device of so many bytes whose file system shows less than this has not grown to all of it. A file
 * system keeps a share for itself, and XFS a log of 64 MiB however small it is.
 */
export function leastCapacity(bytes: number): number {
  return bytes * 0.9 - 80 * MIB;
}

/** resize2fs(8) works on what e2fsck(8) has found to be sound, and refuses what is smaller than what is in use. */
async function shrinkExt4(run: Exec, device: string, _: string, bytes: number): Promise<void> {
  // 1: errors were found and corrected; what `-p` cannot correct safely is 4, and an error here.
  await run(["e2fsck", "-f", "-p", device], { timeoutMs: RESIZE_MS, okCodes: [0, 1] });
  const minimum = (await run(["resize2fs", "-P", device])).stdout;
  const least = Number(/: (\d+)$/m.exec(minimum)?.[1]) * (await readExt4(run, device)).blockSize;
  if (least > bytes) throw new PlimsollError("SHRINK", `what is in use needs ${renderBytes(least)}`);
  await run(["resize2fs", device, `${Math.floor(bytes / 4096) * 4}K`], { timeoutMs: RESIZE_MS });
  const { blockSize, blocks } = await readExt4(run, device);
  // Not a number is not smaller either: only what is known to fit may be cut off.
  if (blocks * blockSize <= bytes) return;
  throw new PlimsollError("SHRINK", "its ext4 is still larger");
}

/** `Block count:              262144` of dumpe2fs -h. */
async function readExt4(
  run: Exec,
  device: string,
): Promise<{ readonly blockSize: number; readonly blocks: number }> {
  const { stdout } = await run(["dumpe2fs", "-h", device]);
  const field = (name: string): number => Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(stdout)?.[1]);
  return { blockSize: field("Block size"), blocks: field("Block count") };
}

/** Only while it is mounted; the kernel refuses what does not fit. */
async function shrinkBtrfs(run: Exec, device: string, directory: string, bytes: number): Promise<void> {
  await run(["mount", "-o", "nodev", device, directory]);
  try {
    await run(["btrfs", "filesystem", "resize", String(bytes), directory], { timeoutMs: RESIZE_MS });
    if (capacityOf(directory) > bytes) throw new PlimsollError("SHRINK", "its btrfs is still larger");
  } finally {
    await run(["umount", directory]);
  }
}

function capacityOf(directory: string): number {
  const { blocks, bsize } = statfsSync(directory);
  return blocks * bsize;
}
