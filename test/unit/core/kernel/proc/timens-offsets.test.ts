import { expect, test } from "vitest";
import { openHostRoot } from "../../../../../core/kernel/host-root.ts";
import { ParseError } from "../../../../../core/kernel/parse-error.ts";
import { parseTimensOffsets, readTimensOffsets } from "../../../../../core/kernel/proc/timens-offsets.ts";

test("seconds and nanoseconds are added", () => {
  expect(parseTimensOffsets("monotonic           0         0\nboottime        -6115 500000000\n")).toEqual({
    monotonicSeconds: 0,
    boottimeSeconds: -6114.5,
  });
});

test("a clock that is not known is passed over", () => {
  expect(parseTimensOffsets("tai 5 0\n")).toEqual({ monotonicSeconds: 0, boottimeSeconds: 0 });
});

test.for(["boottime -1", "boottime x 0\n", "boottime 1 -2\n"])("%j is malformed", (text) => {
  expect(() => parseTimensOffsets(text)).toThrow(ParseError);
});

test("the kernel's own reads, and a process that is gone has none", () => {
  expect(readTimensOffsets(openHostRoot(), "self")).toEqual({ monotonicSeconds: 0, boottimeSeconds: 0 });
  expect(readTimensOffsets(openHostRoot(), 0x7fffffff)).toBeUndefined();
});
