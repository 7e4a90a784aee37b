import { describe, expect, it } from "vitest";
import { parseDiskstats, readDiskstats } from "../../../../../core/kernel/proc/diskstats.ts";
import { fixtureHost, tempHost } from "../hosts.ts";

const FOURTEEN = " 254       0 vda 1 2 3 4000 5 6 7 8000 9 10000 11000";

const BASE = {
  major: 254,
  minor: 0,
  device: "vda",
  reads: 1,
  readsMerged: 2,
  readBytes: 3 * 512,
  readSeconds: 4,
  writes: 5,
  writesMerged: 6,
  writeBytes: 7 * 512,
  writeSeconds: 8,
  inFlight: 9,
  ioSeconds: 10,
  weightedIoSeconds: 11,
};
const DISCARD = { discards: 12, discardsMerged: 13, discardBytes: 14 * 512, discardSeconds: 15 };

describe("parseDiskstats", () => {
  it.each([
    ["14 columns", FOURTEEN, BASE],
    ["18 columns", `${FOURTEEN} 12 13 14 15000`, { ...BASE, ...DISCARD }],
    [
      "20 columns",
      `${FOURTEEN} 12 13 14 15000 16 17000`,
      { ...BASE, ...DISCARD, flushes: 16, flushSeconds: 17 },
    ],
  ])("%s", (_, line, disk) => expect(parseDiskstats(`${line}\n`)).toEqual([disk]));

  it("skips columns of a newer kernel", () => {
    const [disk] = parseDiskstats(`${FOURTEEN} 12 13 14 15000 16 17000 18 19\n`);
    expect(disk?.flushes).toBe(16);
  });

  it("finds no disk in an empty file", () => expect(parseDiskstats("")).toEqual([]));

  it.each(["", "254 0", "254 0 vda 1 2", `${FOURTEEN} 12`, `${FOURTEEN} 12 13 14 15 16`, "254 0 vda a 2 3"])(
    "refuses %j",
    (line) => expect(() => parseDiskstats(`${FOURTEEN}\n${line}\n`)).toThrow("diskstats:2: "),
  );
});

describe("readDiskstats", () => {
  it("has no flushes before Linux 5.5", () => {
    const [disk] = readDiskstats(fixtureHost("v2-no-psi")) ?? [];
    expect(disk).toMatchObject({ device: "sda", discards: 120 });
    expect(disk).not.toHaveProperty("flushes");
  });

  it("is undefined without the file", () => expect(readDiskstats(tempHost({}))).toBeUndefined());
});
