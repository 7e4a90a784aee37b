import { readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import { exec } from "../../../../core/runtime/exec.ts";
import { LoopDisks } from "../../../../provisioner/volumes/loop-disks.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, isRoot, testIf } from "../../../support/host.ts";

const MIB = 2 ** 20;
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

testIf(hasCommand("fallocate"))("a disk is there whole, and found when it is finished", async () => {
  const folder = cleanup.temporaryFolder();
  const disks = new LoopDisks(folder);

  const path = await disks.allocate("v", 32 * MIB);
  expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(32 * MIB);
  expect(await disks.find("v")).toBeUndefined();
  await disks.finish("v");
  expect(await disks.find("v")).toBe(32 * MIB);
  for (const _ of [1, 2]) await disks.reduce("v", 16 * MIB);
  expect(await disks.find("v")).toBe(16 * MIB);
  await disks.reduce("v", 64 * MIB);
  expect(await disks.find("v")).toBe(16 * MIB);
  for (const _ of [1, 2]) await disks.free("v");
  expect(readdirSync(folder)).toEqual([]);
});

testIf(hasCommand("fallocate"))("what could not be allocated takes no room", async () => {
  const folder = cleanup.temporaryFolder();

  await expect(new LoopDisks(folder).allocate("v", 2 ** 55)).rejects.toThrow("data volume: cannot be made");

  expect(readdirSync(folder)).toEqual([]);
});

testIf(isRoot, hasCommand("mkfs.ext4"))("what does not fit takes nothing from the others", async () => {
  const folder = cleanup.temporaryFolder();
  const image = join(cleanup.temporaryFolder(), "small.img");
  await exec(["truncate", "--size", String(64 * MIB), image]);
  await exec(["mkfs.ext4", "-q", "-F", image]);
  await exec(["mount", "-o", "loop", image, folder]);
  cleanup.add("mount", async () => void (await exec(["umount", folder])));
  const freeBytes = (): number => statfsSync(folder).bavail * statfsSync(folder).bsize;
  let leastFree = Number.POSITIVE_INFINITY;
  const disks = new LoopDisks(folder, async (argv, options) => {
    // As if somebody else were faster: there was room when it was looked for.
    const wanted = argv.map((word) => (word === String(33 * MIB) ? String(640 * MIB) : word));
    const result = await exec(wanted, options).finally(() => {
      leastFree = Math.min(leastFree, freeBytes());
    });
    return result;
  });
  await disks.allocate("v", 16 * MIB);
  await disks.finish("v");
  const before = freeBytes();

  await expect(disks.extend("v", 640 * MIB)).rejects.toThrow("data volume: cannot grow");
  expect(leastFree).toBe(before);
  await expect(disks.extend("v", 33 * MIB)).rejects.toThrow("data volume: cannot grow");

  expect(leastFree).toBeLessThan(MIB);
  expect(await disks.find("v")).toBe(16 * MIB);
  expect(freeBytes()).toBeGreaterThan(before - MIB);
});

testIf(isRoot, hasCommand("losetup"))("the device of a file that somebody removed is closed", async () => {
  const folder = cleanup.temporaryFolder();
  const disks = new LoopDisks(folder);
  await disks.allocate("v", MIB);
  await disks.finish("v");
  const device = await disks.open("v");
  cleanup.add("device", async () => void (await exec(["losetup", "--detach", device], { okCodes: [0, 1] })));
  rmSync(join(folder, "v.img"));

  await disks.close("v");

  expect((await exec(["losetup", "-a"])).stdout).not.toContain(folder);
});

testIf(isRoot, hasCommand("losetup"))("a device that a kill left is used", async () => {
  const folder = cleanup.temporaryFolder();
  const disks = new LoopDisks(folder);
  await disks.allocate("v", MIB);
  await disks.finish("v");
  const left = (await exec(["losetup", "--find", "--show", join(folder, "v.img")])).stdout.trim();
  cleanup.add("device", () => disks.close("v"));

  expect(await disks.open("v")).toBe(left);
  for (const _ of [1, 2]) await disks.close("v");

  expect((await exec(["losetup", "-j", join(folder, "v.img")])).stdout).toBe("");
});
