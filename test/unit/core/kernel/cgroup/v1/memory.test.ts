import { describe, expect, it } from "vitest";
import { parseDetail, readMemory, readMemoryLimits } from "../../../../../../core/kernel/cgroup/v1/memory.ts";
import { tempTree, writeIn } from "../../hosts.ts";

const NONE = Number.POSITIVE_INFINITY;
const UNLIMITED = "9223372036854771712\n";

const FILES = {
  "memory.usage_in_bytes": "300\n",
  "memory.limit_in_bytes": "500\n",
  "memory.memsw.usage_in_bytes": "340\n",
  "memory.memsw.limit_in_bytes": "800\n",
  "memory.stat": "cache 1\ntotal_cache 64\ntotal_rss 128\ntotal_rss_huge 0\nfuturistic 9\n",
};

describe("readMemory", () => {
  it("tells swap from RAM + swap", () => {
    expect(readMemory(tempTree(FILES))).toMatchObject({
      usageBytes: 300,
      limitBytes: 500,
      memswLimitBytes: 800,
      swapLimitBytes: 300,
      swapUsageBytes: 40,
    });
  });

  it("never shows less than no swap", () => {
    const directory = tempTree({ ...FILES, "memory.memsw.usage_in_bytes": "290\n" });
    expect(readMemory(directory)?.swapUsageBytes).toBe(0);
  });

  it("has no limit where the kernel prints a huge one", () => {
    const limits = { "memory.limit_in_bytes": UNLIMITED, "memory.memsw.limit_in_bytes": UNLIMITED };
    const directory = tempTree({ ...FILES, ...limits });
    expect(readMemory(directory)).toMatchObject({
      limitBytes: NONE,
      memswLimitBytes: NONE,
      swapLimitBytes: NONE,
    });
  });

  it("does without swap accounting", () => {
    const { "memory.usage_in_bytes": usage, "memory.limit_in_bytes": limit } = FILES;
    const memory = readMemory(tempTree({ "memory.usage_in_bytes": usage, "memory.limit_in_bytes": limit }));
    expect(memory).toMatchObject({ usageBytes: 300, swapUsageBytes: undefined, swapLimitBytes: undefined });
    expect(memory?.detail).toEqual({});
  });

  it("reads memory.stat when it is asked for", () => {
    const directory = tempTree(FILES);
    const memory = readMemory(directory);
    writeIn(directory, "memory.stat", "total_cache 65\n");
    expect(memory?.detail).toEqual({ fileBytes: 65 });
    writeIn(directory, "memory.stat", "total_cache 66\n");
    expect(memory?.detail).toEqual({ fileBytes: 65 });
  });

  it("is undefined without the controller", () => expect(readMemory(tempTree({}))).toBeUndefined());
});

describe("readMemoryLimits", () => {
  it.each([
    ["300\n", "500\n", 500, 200],
    ["600\n", "500\n", 500, 0],
    ["300\n", UNLIMITED, NONE, NONE],
  ])("usage %j of %j", (usage, limit, limitBytes, roomBytes) => {
    const directory = tempTree({ "memory.usage_in_bytes": usage, "memory.limit_in_bytes": limit });
    expect(readMemoryLimits(directory)).toEqual({ limitBytes, roomBytes, memswLimitBytes: undefined });
  });

  it("takes a cgroup that went in between for empty", () => {
    expect(readMemoryLimits(tempTree({ "memory.limit_in_bytes": "500\n" }))?.roomBytes).toBe(500);
  });

  it("is undefined without the controller", () => expect(readMemoryLimits(tempTree({}))).toBeUndefined());
});

it("parseDetail takes the subtree's lines, not the cgroup's own", () => {
  expect(parseDetail(FILES["memory.stat"], "f")).toEqual({ fileBytes: 64, anonBytes: 128, anonThpBytes: 0 });
});
