import { expect, test } from "vitest";
import { checkStorage } from "../../../../../provisioner/host/checks/storage.ts";
import { parseHostConfig } from "../../../../../provisioner/host/config.ts";
import type { StorageStatus } from "../../../../../provisioner/host/status.ts";
import { checkContext, commands } from "../../../../support/check-context.ts";

const GIB = 2 ** 30;
const DM = { dmsetup: "Driver version: 4.47.0\n" };
const POOL = {
  bytes: GIB,
  promisedBytes: GIB,
  dataPercent: 50,
  metadataPercent: 5,
  metadataBytes: 2 ** 22,
  zeroes: true,
};

const check = async (
  storage: StorageStatus | { readonly problem: string },
  values: Readonly<Record<string, unknown>> = {},
  tools: Readonly<Record<string, string>> = DM,
): Promise<string[]> => {
  const config = parseHostConfig("h", values);
  const { status } = checkContext({});
  const run = commands({ "mkfs.xfs": "", "mkfs.ext4": { code: 0 }, ...tools });
  const findings = await checkStorage(checkContext({ config, run, status: { ...status, storage } }));
  return findings.map(
    ({ state, what, hint }) => `${state}: ${what}${hint === undefined ? "" : ` (${hint})`}`,
  );
};

test("disks as files", async () => {
  expect(await check({ bytes: 10 * GIB, freeBytes: 5 * GIB })).toEqual([
    "note: disks are files: a volume group is faster, and can be thin (name a volume group as storage in host.yaml)",
    "ok: disks as files: 5 GiB of 10 GiB free",
    "ok: mkfs.ext4 is there, for disks of --fs ext4",
    "ok: mkfs.xfs is there, for disks of --fs xfs",
    "note: no mkfs.btrfs: disks of --fs btrfs cannot be made (apt-get install btrfs-progs)",
  ]);
  expect((await check({ bytes: 10 * GIB, freeBytes: 5 * GIB }, {}, {}))[0]).toContain("no device-mapper");
});

test("a volume group that is nearly full, on a kernel that cannot use it", async () => {
  const storage = { group: "data", bytes: 100 * GIB, freeBytes: 9 * GIB };

  expect((await check(storage, { storage: { group: "data" } }, {})).slice(0, 2)).toEqual([
    "wrong: the kernel has no device-mapper: logical volumes cannot be used (modprobe dm_mod, or have disks as files, without storage in host.yaml)",
    "note: volume group data: 9 GiB of 100 GiB free (add a device to storage in host.yaml, then plimsoll host init)",
  ]);
});

test("a thin pool", async () => {
  const storage = { group: "data", bytes: 2 * GIB, freeBytes: 0 };
  const thin = { storage: { group: "data", thin: {} } };

  const well = await check({ ...storage, pool: POOL }, thin);
  expect(well.slice(1, 3)).toEqual([
    "ok: volume group data: 0 B of 2 GiB free",
    "ok: thin pool machines: 50 % full, metadata 5 %",
  ]);
  expect(well.at(-1)).toContain("no thin_check");
  expect((await check({ ...storage, pool: { ...POOL, dataPercent: 97 } }, thin))[2]).toContain(
    "wrong: thin pool machines is 97 % full: no new disk, and none grows",
  );
  expect((await check({ problem: "gone" }, thin))[0]).toBe("wrong: gone");
});
