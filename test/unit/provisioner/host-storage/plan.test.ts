import { expect, test } from "vitest";
import {
  type HostStorageSpec,
  type ObservedStorage,
  planHostStorage,
} from "../../../../provisioner/host-storage/plan.ts";
import type { LogicalVolume } from "../../../../provisioner/volumes/lvm.ts";

const wanted: HostStorageSpec = { group: "data", devices: ["/dev/disk/a", "/dev/sdb"] };
const thin: HostStorageSpec = { ...wanted, pool: { name: "machines", percent: 80 } };

const bare: ObservedStorage = {
  hasDeviceMapper: true,
  groups: [],
  physicalVolumes: [],
  volumes: [],
  devices: [
    { path: "/dev/disk/a", device: "/dev/sda", signatures: [] },
    { path: "/dev/sdb", device: "/dev/sdb", signatures: [] },
  ],
};

const pool: LogicalVolume = {
  name: "machines",
  bytes: 2 ** 30,
  tags: [],
  pool: undefined,
  dataPercent: 0,
  metadataPercent: 0,
  metadataBytes: 2 ** 22,
  zeroes: true,
};

const done: ObservedStorage = {
  ...bare,
  groups: [{ name: "data", bytes: 2 ** 31, freeBytes: 0, extentBytes: 2 ** 22 }],
  physicalVolumes: ["/dev/sda", "/dev/sdb", "/dev/sdc"].map((device) => ({ device, group: "data" })),
  volumes: [pool],
  devices: bare.devices.map((each) => ({ ...each, signatures: ["LVM2_member"] })),
};

test("from nothing: the group, and its pool", () => {
  const createGroup = { kind: "createGroup", group: "data", devices: ["/dev/sda", "/dev/sdb"] };

  expect(planHostStorage(bare, wanted)).toEqual({ changes: [createGroup], problems: [] });
  expect(planHostStorage(bare, thin).changes).toEqual([
    createGroup,
    { kind: "createPool", group: "data", pool: "machines", percent: 80 },
  ]);
});

test("what is as wanted is left alone, and what the group has besides", () => {
  expect(planHostStorage(done, thin)).toEqual({ changes: [], problems: [] });
  expect(planHostStorage({ ...done, devices: [] }, { ...thin, devices: [] })).toEqual({
    changes: [],
    problems: [],
  });
});

test("a device more", () => {
  const [first] = done.physicalVolumes;
  const observed = { ...done, physicalVolumes: first === undefined ? [] : [first] };

  expect(planHostStorage(observed, wanted).changes).toEqual([
    { kind: "extendGroup", group: "data", devices: ["/dev/sdb"] },
  ]);
});

const problems = (changes: Partial<ObservedStorage>, spec: HostStorageSpec = wanted): string[] =>
  planHostStorage({ ...bare, ...changes }, spec).problems.map(
    ({ subject, message }) => `${subject}: ${message}`,
  );

test("what is in the way", () => {
  expect(problems({ hasDeviceMapper: false })).toEqual([
    "storage: the kernel has no device-mapper, which makes devices of logical volumes",
  ]);
  expect(problems({ devices: [] }, { ...wanted, devices: [] })).toEqual([
    "data: this volume group is not there",
  ]);
  expect(problems({ devices: [{ path: "/dev/sdx", device: undefined, signatures: [] }] })).toEqual([
    "/dev/sdx: is no block device",
  ]);
  expect(problems({ physicalVolumes: [{ device: "/dev/sda", group: "system" }] })).toEqual([
    "/dev/disk/a: belongs to the volume group system",
  ]);
  expect(
    problems({ devices: [{ path: "/dev/sdb", device: "/dev/sdb", signatures: ["gpt", "ext4"] }] }),
  ).toEqual(["/dev/sdb: is in use, or was: it carries gpt, ext4"]);
  expect(problems({ ...done, volumes: [{ ...pool, metadataBytes: undefined }] }, thin)).toEqual([
    "data/machines: is a volume, not a thin pool",
  ]);
});
