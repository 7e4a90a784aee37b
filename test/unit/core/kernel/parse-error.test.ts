import { expect, it } from "vitest";
import { ParseError } from "../../../../core/kernel/parse-error.ts";

it("names path, line and text", () => {
  const error = new ParseError("/proc/meminfo", 3, "MemTotal: ?");
  expect(error).toMatchObject({ name: "ParseError", path: "/proc/meminfo", line: 3, text: "MemTotal: ?" });
  expect(error.message).toBe('/proc/meminfo:3: cannot parse "MemTotal: ?"');
});

it("says so when a file ends too early", () => {
  expect(new ParseError("/proc/stat", 7, "").message).toBe("/proc/stat:7: ends too early");
});
