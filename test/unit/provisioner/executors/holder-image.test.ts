import { expect, test } from "vitest";
import { parseLibraries } from "../../../../provisioner/executors/holder-image.ts";

test("what ldd names as files, and nothing that the kernel brings along", () => {
  const text = [
    "\tlinux-vdso.so.1 (0x00007ffd5a5f2000)",
    "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1c2e000000)",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007f1c2e3f8000)",
    "",
  ].join("\n");

  expect(parseLibraries(text)).toEqual(["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"]);
  expect(parseLibraries("\tstatically linked\n")).toEqual([]);
});
