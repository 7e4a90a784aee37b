import { expect, test } from "vitest";
import { FILE_SYSTEMS, leastCapacity } from "../../../../provisioner/volumes/file-systems.ts";

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
