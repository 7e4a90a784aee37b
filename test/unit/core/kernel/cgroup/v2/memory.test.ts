import { describe, expect, it } from "vitest";
import { parseDetail, readMemory, readMemoryLimits } from "../../../../../../core/kernel/cgroup/v2/memory.ts";
import { tempTree, writeIn } from "../../hosts.ts";

const NONE = Number.POSITIVE_INFINITY;

const FILES = {
  "memory.current": "300\n",
  "memory.max": "500\n",
  "memory.low": "max\n",
  "memory.swap.current": "40\n",
  "memory.swap.max": "max\n",
  "memory.stat": "anon 128\nfile 64\nfile_mapped 32\nfuturistic 9\n",
};

describe("readMemory", () => {
  it("reads every file", () => {
    const memory = readMemory(tempTree(FILES));
    expect(memory).toMatchObject({
      usageBytes: 300,
      limitBytes: 500,
      swapUsageBytes: 40,
      swapLimitBytes: NONE,
    });
    expect(memory?.lowBytes).toBe(NONE);
    expect(memory?.detail).toEqual({ anonBytes: 128, fileBytes: 64, fileMappedBytes: 32 });
    expect(memory?.memswLimitBytes).toBeUndefined();
  });

  it("does without swap accounting", () => {
    const memory = readMemory(tempTree({ "memory.current": "300\n", "memory.max": "max\n" }));
    expect(memory).toMatchObject({ limitBytes: NONE, swapUsageBytes: undefined, swapLimitBytes: undefined });
    expect(memory?.lowBytes).toBeUndefined();
    expect(memory?.detail).toEqual({});
  });

  it("reads memory.stat when it is asked for", () => {
    const directory = tempTree(FILES);
    const memory = readMemory(directory);
    writeIn(directory, "memory.stat", "anon 1\n");
    expect(memory?.detail).toEqual({ anonBytes: 1 });
  });

  it.each([{}, { "memory.current": "300\n" }, { "memory.max": "max\n" }])(
    "is undefined when a part is gone (%#)",
    (files) => expect(readMemory(tempTree(files))).toBeUndefined(),
  );
});

describe("readMemoryLimits", () => {
  it.each([
    ["300\n", "500\n", 500, 200],
    ["600\n", "500\n", 500, 0],
    ["300\n", "max\n", NONE, NONE],
  ])("usage %j of %j", (usage, limit, limitBytes, roomBytes) => {
    const directory = tempTree({ "memory.current": usage, "memory.max": limit, "memory.swap.max": "7\n" });
    expect(readMemoryLimits(directory)).toEqual({ limitBytes, roomBytes, swapLimitBytes: 7 });
  });

  it("takes a cgroup that went in between for empty", () => {
    expect(readMemoryLimits(tempTree({ "memory.max": "500\n" }))?.roomBytes).toBe(500);
  });

  it("is undefined without the controller", () => expect(readMemoryLimits(tempTree({}))).toBeUndefined());
});

it("parseDetail does not mix up keys that begin alike", () => {
  expect(parseDetail("anon 1\nanon_thp 2\nfile 3\nfile_dirty 4\nslab 5\nslab_reclaimable 6\n", "f")).toEqual({
    anonBytes: 1,
    anonThpBytes: 2,
    fileBytes: 3,
    fileDirtyBytes: 4,
    slabBytes: 5,
    slabReclaimableBytes: 6,
  });
});
