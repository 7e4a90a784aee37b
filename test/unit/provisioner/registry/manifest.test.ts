import { expect, test } from "vitest";
import { MANIFEST_TYPES, parseManifest } from "../../../../provisioner/registry/manifest.ts";

const digest = `sha256:${"a".repeat(64)}`;
const TYPE = "application/vnd.oci.image.manifest.v1+json";
const parse = (value: unknown, mediaType = TYPE) =>
  parseManifest("app:v1", {
    mediaType,
    bytes: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
  });

test("the parts of an image, of an index and of an artifact", () => {
  const part = { mediaType: "m", digest, size: 3 };
  const read = { mediaType: "m", digest, sizeBytes: 3 };

  expect(parse({ config: part, layers: [part] })).toEqual({ manifests: [], config: read, layers: [read] });
  expect(
    parse({ manifests: [{ ...part, platform: { os: "linux", architecture: "arm64" } }, part] }).manifests,
  ).toEqual([
    { ...read, platform: "linux/arm64" },
    { ...read, platform: undefined },
  ]);
  expect(parse({ blobs: [part] }, MANIFEST_TYPES.at(-1)).layers).toEqual([read]);
});

test("layers that stay at their vendor's are no parts to copy", () => {
  const mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  expect(parse({ layers: [{ mediaType, digest, size: 1, urls: ["https://elsewhere"] }] }).layers).toEqual([]);
});

test.for([
  ["{", "not valid JSON"],
  ["[]", "not a JSON object"],
  [{ layers: {} }, "layers is not a list"],
  [{ layers: [null] }, "no descriptor"],
  [{ layers: [{ digest: "sha256:../../x", size: 1 }] }, "is no digest"],
  [{ layers: [{ digest, size: -1 }] }, "a size of -1"],
  [{ config: { digest, size: 1e300 } }, "a size of"],
] as const)("%j is refused", ([value, why]) => {
  expect(() => parse(value)).toThrow(why);
});

test("a schema 1 manifest is refused: its digest is of no bytes that could be copied", () => {
  expect(() => parse({}, "application/vnd.docker.distribution.manifest.v1+prettyjws")).toThrow(
    "is not known here",
  );
});
