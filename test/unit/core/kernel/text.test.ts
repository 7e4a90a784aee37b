import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readKernelAttribute, readKernelText } from "../../../../core/kernel/text.ts";
import { tempTree } from "./hosts.ts";

describe.each([
  ["readKernelText", readKernelText],
  ["readKernelAttribute", readKernelAttribute],
])("%s", (_, read) => {
  it("reads a file to its end, whatever its size", () => {
    for (const length of [0, 1, 65_535, 65_536, 65_537, 300_000]) {
      const text = "ü".repeat(length / 2);
      expect(read(join(tempTree({ file: text }), "file"))).toBe(text);
    }
  });

  it("takes absence for a value", () => {
    const directory = tempTree({ file: "" });
    expect(read(join(directory, "nothing"))).toBeUndefined();
    expect(read(join(directory, "file", "below"))).toBeUndefined();
  });

  it("throws what is not absence", () => {
    expect(() => read(tempTree({}))).toThrow("EISDIR");
  });

  it("reads the kernel's own files", () => {
    expect(read("/proc/version")).toBe(readFileSync("/proc/version", "utf8"));
  });
});

it("takes a process that has ended for absent", () => {
  const pid = execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }).trim();
  expect(readKernelText(`/proc/${pid}/stat`)).toBeUndefined();
});

it("reads a file of many records to its end", () => {
  // Every process' maps are longer than the page at a time the kernel hands out.
  const text = readKernelText("/proc/self/maps") ?? "";
  expect(text.length).toBeGreaterThan(4096);
  expect(text.endsWith("\n")).toBe(true);
});
