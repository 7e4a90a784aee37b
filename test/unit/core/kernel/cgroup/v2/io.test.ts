import { describe, expect, it } from "vitest";
import { parseIoStat, readIo } from "../../../../../../core/kernel/cgroup/v2/io.ts";
import { tempTree } from "../../hosts.ts";

const NOTHING = { readBytes: 0, writeBytes: 0, discardBytes: 0, reads: 0, writes: 0, discards: 0 };

describe("parseIoStat", () => {
  it("reads each device", () => {
    expect(parseIoStat("8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n", "f")).toEqual([
      { major: 8, minor: 16, readBytes: 1, writeBytes: 2, reads: 3, writes: 4, discardBytes: 5, discards: 6 },
    ]);
  });

  it("skips what policies add", () => {
    const [device] = parseIoStat("8:0 rbytes=1 cost.usage=12.5 cost.wait=a\n", "f");
    expect(device).toEqual({ ...NOTHING, major: 8, minor: 0, readBytes: 1 });
  });

  it("gives the numbers to the last device of a line that was not ended", () => {
    const [device] = parseIoStat("7:0 7:1 8:0 rbytes=1\n", "f");
    expect(device).toMatchObject({ major: 8, minor: 0, readBytes: 1 });
  });

  it("takes a device without numbers for idle", () => {
    expect(parseIoStat("8:0 \n", "f")).toEqual([{ ...NOTHING, major: 8, minor: 0 }]);
  });

  it.each(["sda rbytes=1", "8:0", "8:0 rbytes", "8:0 rbytes=x", ""])("refuses %j", (line) => {
    expect(() => parseIoStat(`${line}\n`, "f")).toThrow("f:1: ");
  });
});

it("readIo is empty for a cgroup that did none, undefined without the controller", () => {
  expect(readIo(tempTree({ "io.stat": "" }))).toEqual([]);
  expect(readIo(tempTree({}))).toBeUndefined();
});
