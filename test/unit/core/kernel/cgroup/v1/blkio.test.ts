import { describe, expect, it } from "vitest";
import { parseThrottle, readBlkio } from "../../../../../../core/kernel/cgroup/v1/blkio.ts";
import { tempTree } from "../../hosts.ts";

const BYTES =
  "8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 12288\n8:0 Async 0\n8:0 Discard 512\n8:0 Total 12800\n8:16 Write 7\nTotal 12807\n";
const OPERATIONS =
  "8:0 Read 1\n8:0 Write 2\n8:0 Discard 1\n8:0 Total 4\n259:1 Read 7\n259:1 Total 7\nTotal 11\n";

const SDA = {
  major: 8,
  minor: 0,
  readBytes: 4096,
  writeBytes: 8192,
  discardBytes: 512,
  reads: 1,
  writes: 2,
  discards: 1,
};

describe("readBlkio", () => {
  it("joins bytes and operations of each device, those of one file only as well", () => {
    const directory = tempTree({
      "blkio.throttle.io_service_bytes_recursive": BYTES,
      "blkio.throttle.io_serviced_recursive": OPERATIONS,
    });
    expect(readBlkio(directory)).toEqual([
      SDA,
      { major: 8, minor: 16, readBytes: 0, writeBytes: 7, discardBytes: 0, reads: 0, writes: 0, discards: 0 },
      {
        major: 259,
        minor: 1,
        readBytes: 0,
        writeBytes: 0,
        discardBytes: 0,
        reads: 7,
        writes: 0,
        discards: 0,
      },
    ]);
  });

  it("counts this cgroup alone before Linux 4.11", () => {
    const directory = tempTree({
      "blkio.throttle.io_service_bytes": BYTES,
      "blkio.throttle.io_serviced": OPERATIONS,
    });
    expect(readBlkio(directory)?.[0]).toEqual(SDA);
  });

  it("knows no device where only totals are printed", () => {
    const directory = tempTree({
      "blkio.throttle.io_service_bytes_recursive": "Total 0\n",
      "blkio.throttle.io_serviced_recursive": "Total 0\n",
    });
    expect(readBlkio(directory)).toEqual([]);
  });

  it("counts what BFQ does, and of two counts of one disk the larger", () => {
    const bfq = {
      "blkio.bfq.io_service_bytes_recursive": BYTES,
      "blkio.bfq.io_serviced_recursive": OPERATIONS,
    };
    expect(readBlkio(tempTree(bfq))?.[0]).toEqual(SDA);

    const throttle = {
      "blkio.throttle.io_service_bytes_recursive": "8:0 Read 9999\n8:0 Write 1\nTotal 10000\n",
      "blkio.throttle.io_serviced_recursive": "Total 0\n",
    };
    expect(readBlkio(tempTree({ ...bfq, ...throttle }))?.[0]).toEqual({ ...SDA, readBytes: 9999 });
  });

  it("is undefined when a part is gone", () => {
    expect(readBlkio(tempTree({}))).toBeUndefined();
    expect(readBlkio(tempTree({ "blkio.throttle.io_serviced": OPERATIONS }))).toBeUndefined();
  });
});

it.each(["8:0 Read", "8:0 Read x", "sda Read 1", ""])("parseThrottle refuses %j", (line) => {
  expect(() => parseThrottle(`8:0 Read 1\n${line}\n`, "f")).toThrow("f:2: ");
});
