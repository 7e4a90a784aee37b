import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readBlobSizes } from "../../../../../provisioner/registry/server/blob-sizes.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("what is stored; what is being removed is not there", () => {
  const folder = cleanup.temporaryFolder();
  expect(readBlobSizes(folder)).toEqual(new Map());
  const blobs = join(folder, "docker/registry/v2/blobs/sha256/ab");
  mkdirSync(join(blobs, "abcd"), { recursive: true });
  mkdirSync(join(blobs, "abff"));
  writeFileSync(join(blobs, "abcd/data"), "12345");
  expect(readBlobSizes(folder)).toEqual(new Map([["sha256:abcd", 5]]));
});
