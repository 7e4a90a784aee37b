import { readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import { DiskVolumes } from "../../provisioner/volumes/disk-volumes.ts";
import { Lvm } from "../../provisioner/volumes/lvm.ts";
import { LvmDisks, type LvmStorage } from "../../provisioner/volumes/lvm-disks.ts";
import { findPool, type ThinPolicy, type ThinPool } from "../../provisioner/volumes/thin-pool.ts";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf, hasCommand, testIf } from "../support/host.ts";
import { hasDeviceMapper, LVM_LAB, type LvmLab, openLvmLab } from "../support/lvm.ts";

const MIB = 2 ** 20;
const THIN: ThinPolicy = { pool: "pool", overcommit: 4, extendPercent: 50, fullPercent: 90 };

describeIf(
  ...LVM_LAB,
  hasDeviceMapper,
  hasCommand("thin_check"),
)("logical volumes of the kernel", () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  interface Opened {
    readonly volumes: DiskVolumes;
    readonly folder: string;
    readonly lab: LvmLab;
    readonly lvm: Lvm;
  }

  async function open(bytes: number, storage: Omit<LvmStorage, "group"> = {}): Promise<Opened> {
    const lab = await openLvmLab(cleanup, bytes);
    const folder = cleanup.temporaryFolder();
    const volumes = new DiskVolumes(folder, new LvmDisks({ group: lab.group, ...storage }, lab), lab.run);
    for (const id of ["v", "w"]) cleanup.add(`volume ${id}`, () => volumes.remove(id));
    return { volumes, folder, lab, lvm: new Lvm(lab.run) };
  }

  async function openThin(): Promise<Opened & { readonly pool: () => Promise<ThinPool> }> {
    const opened = await open(512 * MIB, { thin: THIN });
    const { lvm, lab } = opened;
    await lvm.change(
      "lvcreate",
      "--type",
      "thin-pool",
      "--size",
      `${64 * MIB}b`,
      "--name",
      THIN.pool,
      lab.group,
    );
    const pool = async (): Promise<ThinPool> =>
      findPool(await lvm.volumes(lab.group), THIN.pool) ?? expect.fail("no pool");
    return { ...opened, pool };
  }

  const capacity = (folder: string): number => {
    const { blocks, bsize } = statfsSync(join(folder, "v"));
    return blocks * bsize;
  };

  testIf(hasCommand("mkfs.xfs"))("thick: made, used, and grown while it is in use", async () => {
    const { volumes, folder } = await open(1024 * MIB);
    await volumes.create("v", { bytes: 320 * MIB, fileSystem: "xfs" });
    await volumes.mount("v");
    writeFileSync(join(folder, "v", "kept"), "data");

    await volumes.grow("v", 640 * MIB);

    expect(await volumes.observe("v")).toEqual({ bytes: 640 * MIB, isMounted: true });
    expect(capacity(folder)).toBeGreaterThan(500 * MIB);
    expect(readFileSync(join(folder, "v", "kept"), "utf8")).toBe("data");
  });

  testIf(hasCommand("mkfs.ext4"))("thick: ext4 grown in use, and made smaller after it", async () => {
    const { volumes, folder } = await open(512 * MIB);
    await volumes.create("v", { bytes: 64 * MIB, fileSystem: "ext4" });
    await volumes.mount("v");
    const data = Buffer.alloc(20 * MIB, "data");
    writeFileSync(join(folder, "v", "kept"), data);

    await volumes.grow("v", 256 * MIB);
    expect(capacity(folder)).toBeGreaterThan(200 * MIB);
    await expect(volumes.shrink("v", 16 * MIB)).rejects.toThrow("cannot be made smaller to");
    await volumes.shrink("v", 96 * MIB);
    await volumes.mount("v");

    expect(await volumes.observe("v")).toEqual({ bytes: 96 * MIB, isMounted: true });
    expect(capacity(folder)).toBeLessThanOrEqual(96 * MIB);
    expect(readFileSync(join(folder, "v", "kept")).equals(data)).toBe(true);
  });

  testIf(hasCommand("mkfs.ext4"))("thick: nothing that was written is left", async () => {
    const { volumes, folder, lab } = await open(64 * MIB);
    await volumes.create("v", { bytes: 32 * MIB, fileSystem: "ext4" });
    await volumes.mount("v");
    writeFileSync(join(folder, "v", "secret"), Buffer.alloc(4 * MIB, "secret"));
    await volumes.remove("v");
    expect(await volumes.observe("v")).toBeUndefined();

    const disks = new LvmDisks({ group: lab.group }, lab);
    expect(readFileSync(await disks.allocate("w", 32 * MIB)).equals(Buffer.alloc(32 * MIB))).toBe(true);
  });

  testIf(hasCommand("mkfs.ext4"))("thin: larger than the pool, and the pool grows as it fills", async () => {
    const { volumes, folder, pool } = await openThin();
    await volumes.create("v", { bytes: 128 * MIB, fileSystem: "ext4" });
    await volumes.mount("v");
    expect(await pool()).toMatchObject({ bytes: 64 * MIB, promisedBytes: 128 * MIB, zeroes: true });

    writeFileSync(join(folder, "v", "much"), Buffer.alloc(40 * MIB, "data"), { flush: true });
    expect((await pool()).dataPercent).toBeGreaterThan(50);
    await volumes.tend();
    expect((await pool()).bytes).toBeGreaterThan(64 * MIB);

    await volumes.grow("v", 200 * MIB);
    expect(capacity(folder)).toBeGreaterThan(150 * MIB);
    await expect(volumes.create("w", { bytes: 2096 * MIB, fileSystem: "ext4" })).rejects.toThrow("promised");
  });

  testIf(hasCommand("mkfs.ext4"))("thin: what is given back is free again, and clear", async () => {
    const { volumes, folder, pool } = await openThin();
    await volumes.create("v", { bytes: 64 * MIB, fileSystem: "ext4" });
    const before = (await pool()).dataPercent;
    await volumes.mount("v");
    writeFileSync(join(folder, "v", "secret"), Buffer.alloc(16 * MIB, "secret"), { flush: true });
    expect((await pool()).dataPercent).toBeGreaterThan(before);

    await volumes.remove("v");

    expect((await pool()).dataPercent).toBe(0);
  });
});
