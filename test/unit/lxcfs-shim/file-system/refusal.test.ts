import { readFileSync, readlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { Refusal, refusing } from "../../../../lxcfs-shim/file-system/refusal.ts";
import { ERRNO } from "../../../../lxcfs-shim/fuse/errno.ts";

test.for<[string, () => unknown, number]>([
  ["no file", () => readFileSync("/nowhere"), ERRNO.ENOENT],
  ["a directory", () => readFileSync("/proc"), ERRNO.EISDIR],
  ["no link", () => readlinkSync("/proc"), ERRNO.EINVAL],
])("%s keeps its errno", ([, access, errno]) => {
  let refused: unknown;
  try {
    refusing(access);
  } catch (error) {
    refused = error;
  }

  expect(refused).toBeInstanceOf(Refusal);
  expect((refused as Refusal).errno).toBe(errno);
});

test("what works is passed on, and so is an error of ours", () => {
  expect(refusing(() => 1)).toBe(1);
  expect(() =>
    refusing(() => {
      throw new TypeError("ours");
    }),
  ).toThrow(TypeError);
});
