import { expect, test } from "vitest";
import type { LogicalVolume, VolumeGroup } from "../../../../provisioner/volumes/lvm.ts";
import {
  findPool,
  findRefusal,
  planExtension,
  type ThinPool,
} from "../../../../provisioner/volumes/thin-pool.ts";

const MIB = 2 ** 20;
const POLICY = { pool: "pool", overcommit: 2, extendPercent: 80, fullPercent: 95 };
const GROUP: VolumeGroup = { name: "data", bytes: 2048 * MIB, freeBytes: 1024 * MIB, extentBytes: 4 * MIB };
const POOL: ThinPool = {
  bytes: 512 * MIB,
  promisedBytes: 600 * MIB,
  dataPercent: 50,
  metadataPercent: 10,
  metadataBytes: 4 * MIB,
  zeroes: true,
};

const volume = (name: string, changes: Partial<LogicalVolume>): LogicalVolume => ({
  name,
  bytes: 512 * MIB,
  tags: [],
  pool: undefined,
  dataPercent: undefined,
  metadataPercent: undefined,
  metadataBytes: undefined,
  zeroes: false,
  ...changes,
});

test("a pool, and what of it is promised", () => {
  const volumes = [
    volume("pool", { metadataBytes: 4 * MIB, dataPercent: 50, metadataPercent: 10, zeroes: true }),
    volume("machine-1", { pool: "pool", bytes: 200 * MIB }),
    volume("machine-2", { pool: "pool", bytes: 400 * MIB }),
    volume("machine-3", { pool: "other" }),
  ];

  expect(findPool(volumes, "pool")).toEqual(POOL);
  expect(findPool(volumes, "nowhere")).toBeUndefined();
  expect(findPool(volumes, "machine-3")).toBeUndefined();
});

test.for([
  [{}, 424, undefined],
  [{}, 425, "would be promised 2.00 times, and 2 times is allowed"],
  [{ dataPercent: 95 }, 1, "is 95 % full"],
  [{ metadataPercent: 96.5 }, 1, "has metadata 96.5 % full"],
  [{ zeroes: false }, 1, "does not clear blocks before it gives them out (lvchange --zero y mends that)"],
] as const)("%j and %d MiB more: %s", ([changes, mebibytes, refusal]) => {
  expect(findRefusal({ ...POOL, ...changes }, POLICY, mebibytes * MIB)).toBe(refusal);
});

test.for([
  ["not full", {}, {}, undefined],
  ["a fifth more, in whole extents", { dataPercent: 80 }, {}, { dataBytes: 104 * MIB, metadataBytes: 0 }],
  ["metadata twice", { metadataPercent: 80 }, {}, { dataBytes: 0, metadataBytes: 4 * MIB }],
  [
    "metadata before data",
    { dataPercent: 99, metadataPercent: 99 },
    { freeBytes: 8 * MIB },
    { dataBytes: 4 * MIB, metadataBytes: 4 * MIB },
  ],
  ["a group that has nothing", { dataPercent: 99 }, { freeBytes: 0 }, undefined],
  ["metadata as large as it may be", { metadataPercent: 99, metadataBytes: 2 ** 34 }, {}, undefined],
] as const)("what to add: %s", ([, pool, group, expected]) => {
  expect(planExtension({ ...POOL, ...pool }, { ...GROUP, ...group }, POLICY)).toEqual(expected);
});
