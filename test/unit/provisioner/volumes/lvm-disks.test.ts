import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import { Lvm } from "../../../../provisioner/volumes/lvm.ts";
import { LvmDisks } from "../../../../provisioner/volumes/lvm-disks.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { testIf } from "../../../support/host.ts";
import { LVM_LAB, type LvmLab, openLvmLab } from "../../../support/lvm.ts";

const MIB = 2 ** 20;
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function open(): Promise<{ readonly disks: LvmDisks; readonly lab: LvmLab }> {
  const lab = await openLvmLab(cleanup, 256 * MIB);
  return { disks: new LvmDisks({ group: lab.group }, lab), lab };
}

testIf(...LVM_LAB)("a volume says whose it is, and is found when it is finished", async () => {
  const { disks, lab } = await open();
  const tags = async (): Promise<unknown> => (await new Lvm(lab.run).volumes(lab.group))[0]?.tags;

  for (const _ of [1, 2]) await disks.allocate("v", 30 * MIB);
  expect(await disks.find("v")).toBeUndefined();
  expect(await tags()).toEqual(["plimsoll", "plimsoll.machine=v"]);
  for (const _ of [1, 2]) await disks.finish("v");

  // In extents of 4 MiB.
  expect(await Promise.all([disks.find("v"), disks.find("w"), disks.find("v")])).toEqual([
    32 * MIB,
    undefined,
    32 * MIB,
  ]);
  expect(await tags()).toContain("plimsoll.finished");
});

testIf(...LVM_LAB)("what was written is wiped before its place is anybody else's", async () => {
  const { disks } = await open();
  const secret = Buffer.alloc(MIB, "secret");
  writeFileSync(await disks.allocate("v", 32 * MIB), secret);
  await disks.close("v");
  for (const _ of [1, 2]) await disks.free("v");
  expect(await disks.find("v")).toBeUndefined();

  const device = await disks.allocate("w", 32 * MIB);

  expect(readFileSync(device).equals(Buffer.alloc(32 * MIB))).toBe(true);
  await disks.free("w");
});

testIf(...LVM_LAB)("a group that is full, and one that is not there", async () => {
  const { disks, lab } = await open();

  await expect(disks.allocate("v", 512 * MIB)).rejects.toThrow("insufficient free space");
  expect(await disks.find("v")).toBeUndefined();
  await expect(disks.extend("v", MIB)).rejects.toThrow(`${lab.group}/machine-v: is not there`);
  await expect(new LvmDisks({ group: "nowhere" }, lab).find("v")).rejects.toMatchObject({
    hint: "plimsoll host init makes it",
  });
});

const THIN = { pool: "pool", overcommit: 2, extendPercent: 80, fullPercent: 95 };

/** A group with a pool, as lvs and vgs report it; what changes it is written down. */
function thin(dataPercent: string, seen: string[]): LvmDisks {
  const row = (name: string, changes: object): object => ({
    lv_name: name,
    lv_size: String(512 * MIB),
    lv_tags: "",
    pool_lv: "",
    lv_metadata_size: "",
    data_percent: "",
    metadata_percent: "",
    zero: "",
    ...changes,
  });
  const pool = {
    lv_metadata_size: String(4 * MIB),
    data_percent: dataPercent,
    metadata_percent: "1",
    zero: "zero",
  };
  const group = {
    vg_name: "data",
    vg_size: String(2048 * MIB),
    vg_free: String(8 * MIB),
    vg_extent_size: String(4 * MIB),
  };
  const run: Exec = async ([command = "", ...args]) => {
    if (command === "vgs")
      return { stdout: JSON.stringify({ report: [{ vg: [group] }] }), stderr: "", code: 0 };
    const lv = [row("pool", pool), row("machine-old", { pool_lv: "pool" })];
    if (command === "lvs") return { stdout: JSON.stringify({ report: [{ lv }] }), stderr: "", code: 0 };
    seen.push([command, ...args].join(" "));
    return { stdout: "", stderr: "", code: 0 };
  };
  return new LvmDisks({ group: "data", thin: THIN }, { run });
}

test("thin: in the pool, by its virtual size, and grown", async () => {
  const seen: string[] = [];
  const disks = thin("10.00", seen);

  expect(await disks.allocate("v", 100 * MIB)).toBe("/dev/data/machine-v");
  await disks.extend("old", 600 * MIB);

  expect(seen).toEqual([
    `lvcreate --yes --type thin --thinpool pool --name machine-v --addtag plimsoll --addtag plimsoll.machine=v --activate n --virtualsize ${100 * MIB}b data`,
    "lvchange --yes --activate y data/machine-v",
    `lvextend --yes --size ${600 * MIB}b data/machine-old`,
    "lvchange --yes --activate y data/machine-old",
  ]);
});

test("thin: what is too full takes what the group has, and gives nothing more away", async () => {
  const seen: string[] = [];

  await expect(thin("95.50", seen).allocate("v", MIB)).rejects.toThrow("thin pool data/pool: is 95.5 % full");
  await expect(thin("10.00", seen).allocate("v", 600 * MIB)).rejects.toThrow("would be promised 2.17 times");

  expect(seen).toEqual([`lvextend --yes --size +${8 * MIB}b data/pool`]);
});

test("thin: given back by discarding, which the pool clears", async () => {
  const seen: string[] = [];
  await thin("10.00", seen).free("old");

  expect(seen).toEqual([
    "lvchange --yes --activate y data/machine-old",
    "blkdiscard /dev/data/machine-old",
    "lvchange --yes --activate n data/machine-old",
    "lvremove --yes data/machine-old",
  ]);
});
