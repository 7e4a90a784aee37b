import { expect, test } from "vitest";
import { LIMITS } from "../../../../../provisioner/registry/gate/limits.ts";
import { MAX_MANIFEST_BYTES } from "../../../../../provisioner/registry/manifest.ts";

test("no client has more than a quarter of anything", () => {
  for (const { all, each } of [LIMITS.connections, LIMITS.requests, LIMITS.manifests])
    expect(each).toBeLessThanOrEqual(all / 4);
});

test("the largest manifest, at the least speed, comes within a few minutes, and all together have room", () => {
  expect(MAX_MANIFEST_BYTES / LIMITS.manifest.bytesPerSecond).toBeLessThan(180);
  expect(MAX_MANIFEST_BYTES * LIMITS.manifests.all).toBeLessThanOrEqual(256 * 2 ** 20);
});
