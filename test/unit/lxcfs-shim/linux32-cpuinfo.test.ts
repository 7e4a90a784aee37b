import { expect, test } from "vitest";
import type { Exec } from "../../../core/runtime/exec.ts";
import { readLinux32Cpuinfo } from "../../../lxcfs-shim/linux32-cpuinfo.ts";

const asked: (readonly string[])[] = [];
const answer: Exec = (argv) => {
  asked.push(argv);
  return Promise.resolve({ stdout: "processor\t: 0\n", stderr: "", code: 0 });
};

test("on arm64 somebody of that personality reads it", async () => {
  expect(await readLinux32Cpuinfo("arm64", answer)).toBe("processor\t: 0\n");
  expect(asked).toEqual([["setarch", "linux32", "cat", "/proc/cpuinfo"]]);
});

test("there is none elsewhere, or where the CPU has no 32-bit mode", async () => {
  expect(await readLinux32Cpuinfo("x64", answer)).toBeUndefined();
  expect(await readLinux32Cpuinfo("arm64", () => Promise.reject(new Error("EINVAL")))).toBeUndefined();
  expect(asked).toHaveLength(1);
});
