import { expect, test } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import {
  FILE_SYSTEMS,
  leastCapacity,
  shrinkFileSystem,
} from "../../../../provisioner/volumes/file-systems.ts";

const GIB = 2 ** 30;

test("each is made on a path and grown by its own tool: XFS and btrfs by where they are mounted", () => {
  expect(FILE_SYSTEMS.ext4.make("/f").slice(0, 1)).toEqual(["mkfs.ext4"]);
  expect(FILE_SYSTEMS.ext4.grow("/dev/loop0", "/m")).toEqual(["resize2fs", "/dev/loop0"]);
  expect(FILE_SYSTEMS.xfs.grow("/dev/loop0", "/m")).toEqual(["xfs_growfs", "/m"]);
  expect(FILE_SYSTEMS.btrfs.grow("/dev/loop0", "/m").at(-1)).toBe("/m");
});

test("a share of a disk is the file system's own", () => {
  expect(leastCapacity(300 * 2 ** 20)).toBeLessThan(236 * 2 ** 20);
  expect(leastCapacity(600 * 2 ** 20)).toBeGreaterThan(300 * 2 ** 20);
});

/** What each command prints; whatever is not named prints nothing. */
const tools = (output: Readonly<Record<string, string>>, seen: string[] = []): Exec => {
  return async (argv) => {
    seen.push(argv.join(" "));
    return { stdout: output[argv[0] ?? ""] ?? "", stderr: "", code: 0 };
  };
};

test("ext4 is checked, made smaller, and looked at before anything is cut off", async () => {
  const seen: string[] = [];
  const dumpe2fs = "Block count:              262144\nBlock size:               4096\n";

  await shrinkFileSystem(tools({ blkid: "ext4\n", dumpe2fs }, seen), "/dev/v", "/m", GIB);

  expect(seen.slice(1)).toEqual([
    "e2fsck -f -p /dev/v",
    "resize2fs -P /dev/v",
    "dumpe2fs -h /dev/v",
    "resize2fs /dev/v 1048576K",
    "dumpe2fs -h /dev/v",
  ]);
});

test.for(["Block count: 262145\nBlock size: 4096\n", "", "Block count: 1\n"])(
  "a size that is too large, or not known, is an error: %j",
  async (dumpe2fs) => {
    const shrink = shrinkFileSystem(tools({ blkid: "ext4\n", dumpe2fs }), "/dev/v", "/m", GIB);

    await expect(shrink).rejects.toMatchObject({
      code: "SHRINK",
      cause: { message: "its ext4 is still larger" },
    });
  },
);

test("what is in use is told, and nothing is changed", async () => {
  const seen: string[] = [];
  const resize2fs = "Estimated minimum size of the filesystem: 262145\n";
  const run = tools({ blkid: "ext4\n", resize2fs, dumpe2fs: "Block size: 4096\n" }, seen);

  await expect(shrinkFileSystem(run, "/dev/v", "/m", GIB)).rejects.toMatchObject({
    message: "data volume: cannot be made smaller to 1 GiB",
    cause: { message: "what is in use needs 1 GiB" },
  });

  expect(seen.at(-1)).toBe("dumpe2fs -h /dev/v");
});

test.for(["xfs", "swap", ""])("what cannot be made smaller is refused: %j", async (type) => {
  await expect(shrinkFileSystem(tools({ blkid: `${type}\n` }), "/dev/v", "/m", GIB)).rejects.toThrow(
    `data volume: ${type} cannot be made smaller`,
  );
});
