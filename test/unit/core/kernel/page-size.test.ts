import { expect, test } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { readPageSize } from "../../../../core/kernel/page-size.ts";
import { tempHost } from "./hosts.ts";

test("this machine's", () => {
  expect([4096, 16_384, 65_536]).toContain(readPageSize(openHostRoot()));
});

test("from the auxiliary vector, 4 KiB where there is none", () => {
  const words = Buffer.from(new BigUint64Array([16n, 1n, 6n, 65_536n, 0n, 0n]).buffer);

  expect(readPageSize(tempHost({ "proc/self/auxv": words.toString("latin1") }))).toBe(65_536);
  expect(readPageSize(tempHost({}))).toBe(4096);
  expect(readPageSize(tempHost({ "proc/self/auxv": "odd" }))).toBe(4096);
});
