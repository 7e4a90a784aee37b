import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { NotFoundError } from "../../../../core/runtime/errors.ts";
import { readFromRegistry } from "../../../../provisioner/images/from-registry.ts";
import { inspectLayers } from "../../../../provisioner/images/inspect.ts";
import { Registry } from "../../../../provisioner/registry/client.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { makeTar } from "../../../support/make-tar.ts";
import { INDEX, MemoryRegistry, sha256 } from "../../../support/memory-registry.ts";

const cleanup = new Cleanup();
let server: MemoryRegistry;
let registry: Registry;
beforeAll(async () => {
  server = await new MemoryRegistry().start(cleanup);
  registry = new Registry({ url: server.url });
  cleanup.add("client", () => registry.close());
});
beforeEach(() => server.repositories.clear());
afterAll(() => cleanup.run());

const read = (reference: string, platform = "linux/amd64") =>
  readFromRegistry(registry, { registry: server.url, repository: "app", reference }, platform);
const putLayer = (name: string): string =>
  server.putImage("app", undefined, makeTar([{ name, mode: 0o4755 }]));

test("an image, and the one of an index for a platform", async () => {
  const [amd, arm] = [putLayer("amd"), putLayer("arm")];
  const part = (digest: string, architecture: string) => ({
    digest,
    size: 1,
    platform: { os: "linux", architecture },
  });
  server.putManifest("app", "all", { manifests: [part(amd, "amd64"), part(arm, "arm64")] }, INDEX);

  expect((await read(amd)).digest).toBe(amd);
  const image = await read("all", "linux/arm64");
  expect(image).toMatchObject({ digest: arm, config: { user: "" } });
  expect((await inspectLayers(image.layers)).setuid).toEqual([{ path: "arm", mode: 0o4755 }]);
  await expect(read("all", "linux/s390x")).rejects.toMatchObject({
    hint: "known are linux/amd64, linux/arm64",
  });
  await expect(read("none")).rejects.toThrow(NotFoundError);
});

test("a layer that is not what its digest says", async () => {
  const digest = putLayer("a");
  const layer = sha256(makeTar([{ name: "a", mode: 0o4755 }]));
  server.repository("app").blobs.set(layer, makeTar([{ name: "b", mode: 0o4755 }]));
  await expect(inspectLayers((await read(digest)).layers)).rejects.toThrow("its content is sha256:");
});

test("a huge configuration is not read", async () => {
  const config = { digest: sha256("x"), size: 2 ** 30 };
  server.putManifest("app", "v1", { config, layers: [] });
  await expect(read("v1")).rejects.toThrow("a configuration of 1073741824 bytes");
});
