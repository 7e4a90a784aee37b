import { afterAll, beforeEach, expect, test } from "vitest";
import { contentOf } from "../../../../provisioner/images/from-registry.ts";
import { judgeManifest } from "../../../../provisioner/images/judge.ts";
import { parsePolicy } from "../../../../provisioner/images/policy.ts";
import { Registry } from "../../../../provisioner/registry/client.ts";
import type { Manifest } from "../../../../provisioner/registry/manifest.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { makeTar } from "../../../support/make-tar.ts";
import { INDEX, MANIFEST, MemoryRegistry } from "../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const SETUID = makeTar([{ name: "usr/bin/su", mode: 0o4755 }]);
const FOUND = "setuid-not-allowed: usr/bin/su (4755)";
let memory: MemoryRegistry;
let registry: Registry;

beforeEach(async () => {
  memory = await new MemoryRegistry().start(cleanup);
  registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
});

async function judge(digest: string): Promise<readonly string[]> {
  const manifest = (await registry.manifest("app", digest)) as Manifest;
  return judgeManifest(parsePolicy("policy", { setuid: [] }), "app", contentOf(registry, "app"), manifest);
}

/** One layer with a setuid file in it, whatever its types say. */
function put(configType: string, layerType: string, more: object = {}): string {
  const config = { mediaType: configType, ...memory.putBlob("app", "{}") };
  const layers = [{ mediaType: layerType, ...memory.putBlob("app", SETUID) }];
  return memory.putManifest("app", undefined, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config,
    layers,
    ...more,
  });
}

test.each([
  ["application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"],
  ["application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar"],
  ["application/vnd.example+json", "application/vnd.oci.image.layer.v1.tar"],
  ["application/vnd.example+json", "Application/Octet-Stream"],
  ["application/vnd.example+json", ""],
  ["application/vnd.example+json", "application/vnd.doc\u212aer"],
  ["application/vnd.example+json", "application/octet-stream.x"],
  ["application/vnd.example+json", ".x"],
  ["application/vnd.oci.image.config.v1+json", "application/json"],
  ["application/json", "application/json"],
  ["application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.nondistributable.v1.tar"],
  ["application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.foreign.diff.tar"],
])("what an engine would run is an image: %s with %j", async (config, layer) => {
  expect(await judge(put(config, layer))).toEqual([FOUND]);
});

test.each([
  ["application/vnd.oci.image.config.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json"],
  ["application/vnd.oci.image.config.v1+json", "application/vnd.in-toto+json"],
  ["application/vnd.oci.empty.v1+json", "application/vnd.cyclonedx+json"],
  ["application/vnd.oci.empty.v1+json", "application/json"],
])("a signature, an attestation and an SBOM are none: %s with %s", async (config, layer) => {
  expect(await judge(put(config, layer))).toEqual([]);
});

test("an image that says it is an index, or holds one, is looked into all the same", async () => {
  const image = put("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar");
  const child = { mediaType: MANIFEST, digest: image, size: 1 };
  const config = { mediaType: "application/vnd.oci.empty.v1+json", ...memory.putBlob("app", "{}") };
  const both = { schemaVersion: 2, config, layers: [], manifests: [child] };
  expect(await judge(memory.putManifest("app", undefined, both, INDEX))).toEqual([`${image}: ${FOUND}`]);
  expect(await judge(memory.putManifest("app", undefined, both))).toEqual([`${image}: ${FOUND}`]);
});

test("what another reader would read otherwise is refused", async () => {
  const digest = put("application/vnd.example+json", "application/vnd.example", { LAYERS: [] });
  await expect(judge(digest)).rejects.toThrow('"LAYERS" may be taken for another "layers"');
});

test("quotes that never close are told at once", async () => {
  const bytes = Buffer.from(`"${'\\"'.repeat(2 ** 20)}`);
  const asked = judgeManifest(parsePolicy("policy", {}), "app", contentOf(registry, "app"), {
    mediaType: MANIFEST,
    digest: "sha256:0",
    bytes,
  });
  await expect(asked).rejects.toThrow("not valid JSON");
});

test("an index of what is not there, and one in one in one, are errors", async () => {
  const index = (digest: string): string =>
    memory.putManifest("app", undefined, { manifests: [{ mediaType: INDEX, digest, size: 1 }] }, INDEX);
  await expect(judge(index(`sha256:${"0".repeat(64)}`))).rejects.toMatchObject({ status: 404 });
  let nested = memory.putImage("app", undefined, SETUID);
  for (let depth = 0; depth < 6; depth++) nested = index(nested);
  await expect(judge(nested)).rejects.toThrow("an index in an index, 5 deep");
});
