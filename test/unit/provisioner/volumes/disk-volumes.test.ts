import { existsSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { exec } from "../../../../core/runtime/exec.ts";
import { DiskVolumes } from "../../../../provisioner/volumes/disk-volumes.ts";
import { LoopDisks } from "../../../../provisioner/volumes/loop-disks.ts";
import { LvmDisks } from "../../../../provisioner/volumes/lvm-disks.ts";
import type { Disks, FileSystem } from "../../../../provisioner/volumes/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { type Condition, describeIf, hasCommand, isRoot, testIf } from "../../../support/host.ts";
import { LVM_LAB, openLvmLab } from "../../../support/lvm.ts";

const MIB = 2 ** 20;
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

interface Kind {
  readonly name: string;
  readonly needs: readonly Condition[];
  open(folder: string): Promise<Disks>;
}

const KINDS: readonly Kind[] = [
  {
    name: "files",
    needs: [isRoot, hasCommand("losetup")],
    open: async (folder) => new LoopDisks(folder),
  },
  {
    name: "logical volumes",
    needs: LVM_LAB,
    open: async () => {
      const { group, ...options } = await openLvmLab(cleanup, 1024 * MIB);
      return new LvmDisks({ group }, options);
    },
  },
];

describe.each(KINDS)("on $name", ({ needs, open }) => {
  const openVolumes = async (): Promise<{ readonly volumes: DiskVolumes; readonly folder: string }> => {
    const folder = cleanup.temporaryFolder();
    const volumes = new DiskVolumes(folder, await open(folder));
    cleanup.add("volume", () => volumes.remove("v"));
    return { volumes, folder };
  };

  testIf(...needs, hasCommand("mkfs.ext4"))("made, mounted, unmounted and removed, each twice", async () => {
    const { volumes, folder } = await openVolumes();
    expect(await volumes.observe("v")).toBeUndefined();

    for (const _ of [1, 2]) await volumes.create("v", { bytes: 32 * MIB, fileSystem: "ext4" });
    expect(await volumes.observe("v")).toEqual({ bytes: 32 * MIB, isMounted: false });
    expect(volumes.usedBytes("v")).toBeUndefined();
    for (const _ of [1, 2]) await volumes.mount("v");
    expect(await volumes.observe("v")).toEqual({ bytes: 32 * MIB, isMounted: true });
    writeFileSync(join(folder, "v", "kept"), Buffer.alloc(4 * MIB));
    expect(volumes.usedBytes("v")).toBeGreaterThan(4 * MIB);
    for (const _ of [1, 2]) await volumes.unmount("v");
    expect(existsSync(join(folder, "v"))).toBe(false);
    await volumes.mount("v");
    expect(existsSync(join(folder, "v", "kept"))).toBe(true);
    for (const _ of [1, 2]) await volumes.remove("v");

    expect(await volumes.observe("v")).toBeUndefined();
  });

  testIf(...needs, hasCommand("mkfs.xfs"))("grown while it is mounted, and again", async () => {
    const { volumes, folder } = await openVolumes();
    await volumes.create("v", { bytes: 300 * MIB, fileSystem: "xfs" });
    await volumes.mount("v");

    for (const _ of [1, 2]) await volumes.grow("v", 600 * MIB);

    expect(await volumes.observe("v")).toEqual({ bytes: 600 * MIB, isMounted: true });
    const { blocks, bsize } = statfsSync(join(folder, "v"));
    expect(blocks * bsize).toBeGreaterThan(500 * MIB);
  });

  const shrunk: readonly (readonly [FileSystem, number, number])[] = [
    ["ext4", 200, 64],
    ["btrfs", 600, 300],
  ];
  for (const [fileSystem, from, to] of shrunk) {
    testIf(...needs, hasCommand(`mkfs.${fileSystem}`))(
      `${fileSystem} made smaller, with what is in it, and again`,
      async () => {
        const { volumes, folder } = await openVolumes();
        await volumes.create("v", { bytes: from * MIB, fileSystem });
        await volumes.mount("v");
        const data = Buffer.alloc(20 * MIB, "data");
        writeFileSync(join(folder, "v", "kept"), data);

        for (const _ of [1, 2]) await volumes.shrink("v", to * MIB);

        expect(await volumes.observe("v")).toEqual({ bytes: to * MIB, isMounted: false });
        await volumes.mount("v");
        expect(readFileSync(join(folder, "v", "kept")).equals(data)).toBe(true);
        const { blocks, bsize } = statfsSync(join(folder, "v"));
        expect(blocks * bsize).toBeLessThanOrEqual(to * MIB);
      },
    );
  }

  testIf(...needs, hasCommand("mkfs.ext4"))("what is in use is not cut off", async () => {
    const { volumes, folder } = await openVolumes();
    await volumes.create("v", { bytes: 200 * MIB, fileSystem: "ext4" });
    await volumes.mount("v");
    writeFileSync(join(folder, "v", "kept"), Buffer.alloc(100 * MIB));

    await expect(volumes.shrink("v", 64 * MIB)).rejects.toThrow("cannot be made smaller to");

    expect((await volumes.observe("v"))?.bytes).toBe(200 * MIB);
    await volumes.mount("v");
    expect(readFileSync(join(folder, "v", "kept"))).toHaveLength(100 * MIB);
  });

  testIf(...needs, hasCommand("mkfs.ext4"))(
    "who has it mounted elsewhere keeps it from being made smaller",
    async () => {
      const { volumes } = await openVolumes();
      await volumes.create("v", { bytes: 64 * MIB, fileSystem: "ext4" });
      const directory = await volumes.mount("v");
      const elsewhere = cleanup.temporaryFolder();
      await exec(["mount", "--bind", directory, elsewhere]);
      cleanup.add("other mount", () => exec(["umount", elsewhere]).then(() => {}));

      await expect(volumes.shrink("v", 32 * MIB)).rejects.toThrow();

      expect((await volumes.observe("v"))?.bytes).toBe(64 * MIB);
    },
  );
});

describeIf(isRoot)("whatever it is on", () => {
  test("a tool that is not there: the package to install", async () => {
    const folder = cleanup.temporaryFolder();
    const run = (argv: readonly string[]): ReturnType<typeof exec> =>
      exec(argv[0] === "mkfs.btrfs" ? ["mkfs.nowhere"] : argv);
    const volumes = new DiskVolumes(folder, new LoopDisks(folder), run);

    await expect(volumes.create("v", { bytes: MIB, fileSystem: "btrfs" })).rejects.toMatchObject({
      hint: "apt-get install btrfs-progs",
    });
  });

  testIf(
    isRoot,
    hasCommand("losetup"),
    hasCommand("mkfs.ext4"),
  )("one whose file somebody removed is gone as long as it is mounted, and leaves nothing", async () => {
    const folder = cleanup.temporaryFolder();
    const volumes = new DiskVolumes(folder, new LoopDisks(folder));
    cleanup.add("volume", () => volumes.remove("v"));
    await volumes.create("v", { bytes: 32 * MIB, fileSystem: "ext4" });
    await volumes.mount("v");
    rmSync(join(folder, "v.img"));

    expect(await volumes.observe("v")).toEqual({ bytes: 0, isMounted: true, isGone: true });
    await volumes.remove("v");

    expect(await volumes.observe("v")).toBeUndefined();
    expect((await exec(["losetup", "-a"])).stdout).not.toContain(folder);
  });

  test("one that is not mounted does not grow", async () => {
    const folder = cleanup.temporaryFolder();
    const volumes = new DiskVolumes(folder, new LoopDisks(folder));

    await expect(volumes.grow("v", MIB)).rejects.toThrow("while it is mounted only");
  });
});
