import { gzipSync } from "node:zlib";
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
  ["application/vnd.oci.image.config.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json"],
  ["application/vnd.oci.image.config.v1+json", "application/vnd.in-toto+json"],
  ["application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.nondistributable.v1.tar"],
  ["application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.foreign.diff.tar"],
])("what an engine would run is an image: %s with %j", async (config, layer) => {
  expect(await judge(put(config, layer))).toEqual([FOUND]);
});

test.each([
  ["application/vnd.oci.empty.v1+json", "application/vnd.cyclonedx+json"],
  ["application/vnd.oci.empty.v1+json", "application/json"],
])("an SBOM with a configuration of its own is none: %s with %s", async (config, layer) => {
  expect(await judge(put(config, layer))).toEqual([]);
});

test.each([
  ["plain", SETUID],
  ["packed by gzip", gzipSync(SETUID)],
])("an image's configuration with a layer of any other type is run by some engines: %s", async (_, layer) => {
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", ...memory.putBlob("app", "{}") };
  const said = { mediaType: "application/vnd.dev.cosign.simplesigning.v1+json" };
  const layers = [
    { ...said, ...memory.putBlob("app", '{"critical":{}}') },
    { ...said, ...memory.putBlob("app", layer) },
  ];
  const both = { schemaVersion: 2, mediaType: MANIFEST, config, layers };
  // Nobody could unpack the first of them.
  await expect(judge(memory.putManifest("app", undefined, both))).rejects.toThrow(
    /not a tar archive|ends in the middle/,
  );
  const one = { ...both, layers: layers.slice(1) };
  expect(await judge(memory.putManifest("app", undefined, one))).toEqual([FOUND]);
});

test.each([
  ["a signature", "application/vnd.oci.image.config.v1+json", '{"critical":{"identity":{}}}'.repeat(100)],
  ["an SBOM as text", "application/vnd.oci.image.config.v1+json", "SPDXVersion: SPDX-2.3\n".repeat(100)],
  ["a chart", "application/vnd.cncf.helm.config.v1+json", gzipSync(SETUID)],
])("%s is none", async (_, configType, layer) => {
  const config = { mediaType: configType, ...memory.putBlob("app", "{}") };
  const layers = [{ mediaType: "application/vnd.example", ...memory.putBlob("app", layer) }];
  expect(await judge(memory.putManifest("app", undefined, { schemaVersion: 2, config, layers }))).toEqual([]);
});

test("an artifact without layers is none; an image without any is looked at as far as it goes", async () => {
  const empty = { mediaType: "application/vnd.oci.empty.v1+json", ...memory.putBlob("app", "{}") };
  const artifact = { schemaVersion: 2, artifactType: "application/vnd.example", config: empty };
  expect(await judge(memory.putManifest("app", undefined, { ...artifact, layers: [] }))).toEqual([]);
  expect(await judge(memory.putManifest("app", undefined, { ...artifact, layers: [empty] }))).toEqual([]);
  const config = { ...memory.putBlob("app", '{"config":{"User":"root"}}') };
  const image = { config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config }, layers: [] };
  const digest = memory.putManifest("app", undefined, { schemaVersion: 2, ...image });
  const manifest = (await registry.manifest("app", digest)) as Manifest;
  const policy = parsePolicy("policy", { users: { forbidden: ["root"] } });
  expect(await judgeManifest(policy, "app", contentOf(registry, "app"), manifest)).toEqual([
    "user-not-allowed: root",
  ]);
});

test.each(["", "+gzip", "+zstd"])("what is encrypted cannot be looked into: tar%s", async (packing) => {
  const type = `application/vnd.oci.image.layer.v1.tar${packing}+encrypted`;
  const digest = put("application/vnd.oci.image.config.v1+json", type);
  await expect(judge(digest)).rejects.toMatchObject({ code: "IMAGE" });
  await expect(judge(digest)).rejects.toThrow(/the layer sha256:\S+ is encrypted/);
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
