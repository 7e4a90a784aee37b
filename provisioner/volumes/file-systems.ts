import type { FileSystem } from "./types.ts";

const MIB = 2 ** 20;

interface FileSystemTools {
  readonly package: string;
  /** What mkfs refuses to go below. */
  readonly minBytes: number;
  make(path: string): readonly string[];
  /** Grows what is mounted at `directory` from `device` to all of the device. */
  grow(device: string, directory: string): readonly string[];
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
  },
};

/**
 * A device of so many bytes whose file system shows less than this has not grown to all of it. A file
 * system keeps a share for itself, and XFS a log of 64 MiB however small it is.
 */
export function leastCapacity(bytes: number): number {
  return bytes * 0.9 - 80 * MIB;
}
