import { expect, test } from "vitest";
import { findMount, parseMount } from "../../../../provisioner/volumes/mounts.ts";

test("the last mount at a directory, where it is one of ours", () => {
  const lines = [
    "30 1 7:0 / /v rw shared:1 - xfs /dev/loop3 rw",
    "31 1 7:1 / /v rw - ext4 /dev/loop4 rw",
    "32 1 0:5 / /proc rw - proc proc rw",
  ].join("\n");

  expect(parseMount(lines, "/v")).toEqual({ device: "/dev/loop4", fileSystem: "ext4" });
  expect(parseMount(lines, "/proc")).toBeUndefined();
  expect(parseMount(lines, "/w")).toBeUndefined();
  expect(findMount("/proc")).toBeUndefined();
});
