import { afterAll, beforeEach, expect, test } from "vitest";
import { Registry } from "../../../../../provisioner/registry/client.ts";
import {
  parseCreated,
  readInventory,
  readTags,
} from "../../../../../provisioner/registry/retention/inventory.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { INDEX, MemoryRegistry } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const NOW = Date.UTC(2026, 0);
let memory = new MemoryRegistry();
let registry: Registry;

beforeEach(async () => {
  memory = await new MemoryRegistry().start(cleanup);
  registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
});

test("tags, what they lead to, and how old that is", async () => {
  const old = memory.putImage("app", "old", "1", { created: "2020-01-01T00:00:00Z" });
  const young = memory.putImage("app", undefined, "2", { created: "2025-01-01T00:00:00Z" });
  const manifests = [old, young].map((digest) => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest,
    size: 1,
  }));
  const index = memory.putManifest("app", "all", { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
  const loose = memory.putImage("app", undefined, "3", { created: "0001-01-01T00:00:00Z" });

  const inventory = await readInventory(registry, "app", NOW, [loose]);
  expect(inventory.tags).toEqual(
    new Map([
      ["all", index],
      ["old", old],
    ]),
  );
  const known = [...inventory.manifests].map(([digest, { children, createdMs }]) => [
    digest,
    { children, createdMs },
  ]);
  expect(inventory.manifests.get(old)?.blobs.map(({ sizeBytes }) => sizeBytes)).toEqual([34, 1]);
  expect(Object.fromEntries(known)).toEqual({
    [old]: { children: [], createdMs: Date.UTC(2020, 0) },
    [young]: { children: [], createdMs: Date.UTC(2025, 0) },
    [index]: { children: [old, young], createdMs: Date.UTC(2025, 0) },
    [loose]: { children: [], createdMs: undefined },
  });
});

test("an index is as young as the youngest of its images, also of an index in it", async () => {
  const put = (tag: string | undefined, ...digests: string[]): string => {
    const manifests = digests.map((digest) => ({ mediaType: INDEX, digest, size: 1 }));
    return memory.putManifest("app", tag, { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
  };
  const old = memory.putImage("app", undefined, "1", { created: "2020-01-01T00:00:00Z" });
  const young = memory.putImage("app", undefined, "2", { created: "2025-01-01T00:00:00Z" });
  const index = put("all", old, put(undefined, put(undefined, young)));
  const { manifests } = await readInventory(registry, "app", NOW);
  expect(manifests.get(index)?.createdMs).toBe(Date.UTC(2025, 0));
});

test("what the registry lists as said of them, also of an index's images", async () => {
  memory.hasReferrers = true;
  const image = memory.putImage("app", undefined, "1");
  const child = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: image, size: 1 };
  memory.putManifest("app", "all", { schemaVersion: 2, mediaType: INDEX, manifests: [child] }, INDEX);
  const config = { mediaType: "application/vnd.oci.empty.v1+json", ...memory.putBlob("app", "{}") };
  const said = memory.putManifest("app", undefined, { schemaVersion: 2, config, layers: [], subject: child });
  const subject = { ...child, digest: said };
  const further = memory.putManifest("app", undefined, { schemaVersion: 2, config, layers: [], subject });
  const { manifests } = await readInventory(registry, "app", NOW);
  expect(manifests.get(said)?.subject).toBe(image);
  expect(manifests.get(further)?.subject).toBe(said);
});

test("what is not there, or goes on the way", async () => {
  expect(await readTags(registry, "none")).toEqual(new Map());
  memory.putImage("app", "v1", "1");
  memory.intercept = (request, response) => {
    if (request.method !== "HEAD") return false;
    response.writeHead(404).end();
    return true;
  };
  expect(await readTags(registry, "app")).toEqual(new Map());
});

test.for(["1970-01-01T00:00:00Z", "1980-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "soon", 7, undefined])(
  "%s is no credible time",
  (value) => expect(parseCreated(value, NOW)).toBeUndefined(),
);
