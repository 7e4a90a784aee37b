import { existsSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { exec } from "../../../../core/runtime/exec.ts";
import { LoopVolumes, parseMount } from "../../../../provisioner/volumes/loop-volumes.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, isRoot, testIf } from "../../../support/host.ts";

const MIB = 2 ** 20;
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function open(): { readonly volumes: LoopVolumes; readonly folder: string } {
  const folder = cleanup.temporaryFolder();
  const volumes = new LoopVolumes(folder);
  cleanup.add("volume", () => volumes.remove("v"));
  return { volumes, folder };
}

test("the last mount at a directory, where it is one of ours", () => {
  const lines = [
    "30 1 7:0 / /v rw shared:1 - xfs /dev/loop3 rw",
    "31 1 7:1 / /v rw - ext4 /dev/loop4 rw",
    "32 1 0:5 / /proc rw - proc proc rw",
  ].join("\n");

  expect(parseMount(lines, "/v")).toEqual({ device: "/dev/loop4", fileSystem: "ext4" });
  expect(parseMount(lines, "/proc")).toBeUndefined();
  expect(parseMount(lines, "/w")).toBeUndefined();
});

testIf(
  isRoot,
  hasCommand("mkfs.ext4"),
  hasCommand("losetup"),
)("made, mounted, unmounted and removed, each twice", async () => {
  const { volumes, folder } = open();
  expect(await volumes.observe("v")).toBeUndefined();

  for (const _ of [1, 2]) await volumes.create("v", { bytes: 32 * MIB, fileSystem: "ext4" });
  expect(await volumes.observe("v")).toEqual({ bytes: 32 * MIB, isMounted: false });
  expect(statSync(join(folder, "v.img")).blocks * 512).toBeGreaterThanOrEqual(32 * MIB);
  for (const _ of [1, 2]) await volumes.mount("v");
  writeFileSync(join(folder, "v", "kept"), "data");
  for (const _ of [1, 2]) await volumes.unmount("v");
  expect(existsSync(join(folder, "v"))).toBe(false);
  await volumes.mount("v");
  expect(existsSync(join(folder, "v", "kept"))).toBe(true);
  for (const _ of [1, 2]) await volumes.remove("v");

  expect(await volumes.observe("v")).toBeUndefined();
  expect((await exec(["losetup", "-j", join(folder, "v.img")])).stdout).toBe("");
});

testIf(isRoot, hasCommand("mkfs.xfs"))(
  "grown while it is mounted, and a device that a kill left is used",
  async () => {
    const { volumes, folder } = open();
    await volumes.create("v", { bytes: 300 * MIB, fileSystem: "xfs" });
    await exec(["losetup", "--find", join(folder, "v.img")]);
    await volumes.mount("v");
    expect((await exec(["losetup", "-j", join(folder, "v.img")])).stdout.trim().split("\n")).toHaveLength(1);

    await volumes.grow("v", 600 * MIB);

    const { blocks, bsize } = statfsSync(join(folder, "v"));
    expect(blocks * bsize).toBeGreaterThan(500 * MIB);
  },
);

test("a tool that is not there: the package to install", async () => {
  const volumes = new LoopVolumes(cleanup.temporaryFolder(), (argv) =>
    exec(argv[0] === "mkfs.btrfs" ? ["mkfs.nowhere"] : ["true"]),
  );

  await expect(volumes.create("v", { bytes: MIB, fileSystem: "btrfs" })).rejects.toMatchObject({
    hint: "apt-get install btrfs-progs",
  });
});

test("one that is not mounted does not grow", async () => {
  await expect(open().volumes.grow("v", MIB)).rejects.toThrow("while it is mounted only");
});
