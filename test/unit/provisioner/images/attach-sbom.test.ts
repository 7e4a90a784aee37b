import { afterAll, expect, test } from "vitest";
import { attachSbom } from "../../../../provisioner/images/attach-sbom.ts";
import { Registry } from "../../../../provisioner/registry/client.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { MANIFEST, MemoryRegistry, sha256 } from "../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("an SBOM is a manifest that has the image as its subject", async () => {
  const memory = await new MemoryRegistry().start(cleanup);
  memory.hasReferrers = true;
  const image = memory.putImage("app", "v1", "layer");
  const registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
  const digest = await attachSbom(registry, "app", image, '{"bomFormat":"CycloneDX"}', 0);
  const { artifactType, config, layers, subject, annotations } = JSON.parse(
    String((await registry.manifest("app", digest))?.bytes),
  );
  expect(artifactType).toBe("application/vnd.cyclonedx+json");
  expect(config).toEqual({ mediaType: "application/vnd.oci.empty.v1+json", digest: sha256("{}"), size: 2 });
  expect(memory.repository("app").blobs.get(layers[0].digest)?.toString()).toBe('{"bomFormat":"CycloneDX"}');
  expect(subject).toMatchObject({ mediaType: MANIFEST, digest: image });
  expect(annotations).toEqual({ "org.opencontainers.image.created": "1970-01-01T00:00:00.000Z" });
  expect((await registry.referrers("app", image))?.map((each) => each.digest)).toEqual([digest]);
  await expect(attachSbom(registry, "app", sha256("none"), "{}", 0)).rejects.toThrow("there is none");
});
