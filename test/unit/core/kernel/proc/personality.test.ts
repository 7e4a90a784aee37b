import { expect, it } from "vitest";
import { parsePersonality, readPersonality } from "../../../../../core/kernel/proc/personality.ts";
import { tempHost } from "../hosts.ts";

it.each([
  ["00000000\n", false],
  ["00000008\n", true],
  ["00400008\n", true],
  ["0c000008\n", true],
  ["00000003\n", false],
  ["00040000\n", false],
])("%j: a 32-bit machine is %s", (text, isLinux32) => {
  expect(parsePersonality(text)).toEqual({ isLinux32 });
});

it.each(["", "\n", "8", "linux32\n", "000000008\n"])("refuses %j", (text) => {
  expect(() => parsePersonality(text, "f")).toThrow("f:1: ");
});

it("is unknown of a process that is gone", () => {
  const host = tempHost({ "proc/7/personality": "00000008\n" });
  expect(readPersonality(host, 7)).toEqual({ isLinux32: true });
  expect(readPersonality(host, 8)).toBeUndefined();
});
