import { afterAll, beforeEach, expect, test } from "vitest";
import { Registry } from "../../../../provisioner/registry/client.ts";
import { digestOf } from "../../../../provisioner/registry/digest-check.ts";
import type { Manifest } from "../../../../provisioner/registry/manifest.ts";
import { listReferrers, putReferrer } from "../../../../provisioner/registry/referrers.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { answering, INDEX, MANIFEST, MemoryRegistry } from "../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let memory: MemoryRegistry;
let registry: Registry;
let image = "";

beforeEach(async () => {
  memory = await new MemoryRegistry().start(cleanup);
  registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
  image = memory.putImage("app", "v1", "layer");
});

function artifact(what: string): Manifest {
  const config = { mediaType: "application/vnd.oci.empty.v1+json", ...memory.putBlob("app", "{}") };
  const layers = [{ mediaType: "text/plain", ...memory.putBlob("app", what) }];
  const subject = { mediaType: MANIFEST, digest: image, size: 1 };
  const value = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: "example/note",
    config,
    layers,
    subject,
    annotations: { what },
  };
  const bytes = Buffer.from(JSON.stringify(value));
  return { mediaType: MANIFEST, digest: digestOf(bytes), bytes };
}

test.each([true, false])(
  "what is said of an image is found; the registry lists it: %s",
  async (hasReferrers) => {
    memory.hasReferrers = hasReferrers;
    expect(await listReferrers(registry, "app", image)).toEqual([]);
    const [first, second] = [artifact("one"), artifact("two")];
    for (const each of [first, second, first]) await putReferrer(registry, "app", image, each);
    const found = (await listReferrers(registry, "app", image)).map(({ digest }) => digest);
    expect(found.sort()).toEqual([first.digest, second.digest].sort());
    expect(Object.keys(memory.tagsOf("app"))).toEqual(
      hasReferrers ? ["v1"] : ["v1", image.replace(":", "-")],
    );
  },
);

test("the index has what clients choose by, and is an index", async () => {
  const note = artifact("one");
  await putReferrer(registry, "app", image, note);
  const index = await registry.manifest("app", image.replace(":", "-"));
  expect(index?.mediaType).toBe(INDEX);
  expect(JSON.parse(String(index?.bytes)).manifests).toEqual([
    {
      mediaType: MANIFEST,
      digest: note.digest,
      size: note.bytes.length,
      artifactType: "example/note",
      annotations: { what: "one" },
    },
  ]);
});

test.each([404, 400, 405])(
  "a registry that answers %d has no such list; one that fails is told",
  async (status) => {
    memory.intercept = answering(status);
    expect(await registry.referrers("app", image)).toBeUndefined();
    memory.intercept = answering(403);
    await expect(registry.referrers("app", image)).rejects.toThrow(/referrers of app@sha256:.*403/);
    memory.intercept = answering(200, JSON.stringify({ manifests: [{ digest: "../../x", size: 1 }] }));
    await expect(registry.referrers("app", image)).rejects.toThrow("which is no digest");
  },
);
