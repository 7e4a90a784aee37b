import { afterEach, expect, test } from "vitest";
import { exec } from "../../../../core/runtime/exec.ts";
import {
  Lvm,
  parseGroups,
  parsePhysicalVolumes,
  parseReason,
  parseVolumes,
} from "../../../../provisioner/volumes/lvm.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { testIf } from "../../../support/host.ts";
import { LVM_LAB, openLvmLab } from "../../../support/lvm.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const report = (kind: string, row: object): string => JSON.stringify({ report: [{ [kind]: [row] }] });

test("a volume and a thin pool", () => {
  const absent = { pool_lv: "", lv_metadata_size: "", data_percent: "", metadata_percent: "", zero: "" };
  const thick = { ...absent, lv_name: "machine-1", lv_size: "335544320", lv_tags: "plimsoll,a=b" };
  expect(parseVolumes(report("lv", thick))).toEqual([
    {
      name: "machine-1",
      bytes: 335544320,
      tags: ["plimsoll", "a=b"],
      pool: undefined,
      dataPercent: undefined,
      metadataPercent: undefined,
      metadataBytes: undefined,
      zeroes: false,
    },
  ]);

  const percent = {
    data_percent: "12.50",
    metadata_percent: "3.1",
    lv_metadata_size: "4194304",
    zero: "zero",
  };
  const pool = { ...absent, ...percent, lv_name: "pool", lv_size: "8388608", lv_tags: "" };
  expect(parseVolumes(report("lv", pool))).toMatchObject([
    { tags: [], dataPercent: 12.5, metadataPercent: 3.1, metadataBytes: 4194304, zeroes: true },
  ]);
});

test("groups, and devices in none", () => {
  const group = { vg_name: "data", vg_size: "532676608", vg_free: "499122176", vg_extent_size: "4194304" };
  expect(parseGroups(report("vg", group))).toEqual([
    { name: "data", bytes: 532676608, freeBytes: 499122176, extentBytes: 4194304 },
  ]);
  expect(parsePhysicalVolumes(report("pv", { pv_name: "/dev/sdb", vg_name: "" }))).toEqual([
    { device: "/dev/sdb", group: undefined },
  ]);
});

test.for([
  ["", "report is not JSON as expected"],
  ["{}", "report is not JSON as expected"],
  [report("vg", {}), "report has no list of lv"],
  [report("lv", { lv_name: "x" }), "report has no lv_size"],
  [report("lv", { lv_name: "x", lv_size: "much" }), "lv_size is not a number: much"],
] as const)("what is not a report: %s", ([text, message]) => {
  expect(() => parseVolumes(text)).toThrow(message);
});

test("warnings are no reason, and the first line that is one is it", () => {
  const stderr =
    '  WARNING: Activation disabled.\n  Volume group "x" not found\n  Cannot process volume group x\n';
  expect(parseReason(stderr)).toBe('Volume group "x" not found');
  expect(parseReason("  WARNING: Odd.\n")).toBe("failed without a word");
});

test("tools that are not there: the package to install", async () => {
  const lvm = new Lvm(() => exec(["plimsoll-nowhere"]));

  await expect(lvm.groups()).rejects.toMatchObject({
    message: "plimsoll-nowhere: command not found",
    hint: "apt-get install lvm2",
  });
});

testIf(...LVM_LAB)("the real one: what there is, and its own words when it fails", async () => {
  const { group, run } = await openLvmLab(cleanup, 64 * 2 ** 20);
  const lvm = new Lvm(run);

  expect(await lvm.volumes(group)).toEqual([]);
  expect(await lvm.groups()).toMatchObject([{ name: group, extentBytes: 4 * 2 ** 20 }]);
  expect(await lvm.physicalVolumes()).toMatchObject([{ group }]);
  await expect(lvm.volumes("nowhere")).rejects.toMatchObject({
    code: "LVM",
    message: 'lvs: Volume group "nowhere" not found',
    hint: "plimsoll host init makes it",
  });
  const inactive = ["--activate", "n", "--zero", "n", "--wipesignatures", "n"];
  await expect(lvm.change("lvcreate", ...inactive, "--size", "1t", group)).rejects.toThrow(
    "insufficient free space",
  );
});
