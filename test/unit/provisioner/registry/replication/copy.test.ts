import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { Registry } from "../../../../../provisioner/registry/client.ts";
import { ImageCopier } from "../../../../../provisioner/registry/replication/copy.ts";
import { Throttle } from "../../../../../provisioner/registry/replication/throttle.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { answering, INDEX, MemoryRegistry, sha256 } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let [source, destination] = [new MemoryRegistry(), new MemoryRegistry()];
let copier: ImageCopier;

beforeEach(async () => {
  [source, destination] = [
    await new MemoryRegistry().start(cleanup),
    await new MemoryRegistry().start(cleanup),
  ];
  const [from, to] = [new Registry({ url: source.url }), new Registry({ url: destination.url })];
  cleanup.add("clients", async () => void (await Promise.all([from.close(), to.close()])));
  copier = new ImageCopier(from, to, new Throttle(() => Number.POSITIVE_INFINITY, systemClock));
});
const sent = (method: string): number =>
  destination.requests.filter((line) => line.startsWith(method)).length;

test("an index with its images, parts before whole", async () => {
  const [amd, arm] = [source.putImage("a", undefined, "amd"), source.putImage("a", undefined, "arm")];
  const part = (digest: string) => ({ digest, size: 1 });
  const index = source.putManifest("a", "v1", { manifests: [part(amd), part(arm)] }, INDEX);

  await copier.copy("a", "mirror/a", "v1", index);
  expect(destination.tagsOf("mirror/a")).toEqual({ v1: index });
  const copied = destination.repository("mirror/a");
  expect([...copied.manifests.keys()].sort()).toEqual([amd, arm, index].sort());
  expect(copied.manifests.get(index)).toEqual(source.repository("a").manifests.get(index));
  expect(copied.blobs.size).toBe(3);
});

test("what is there is not sent, what another repository has is taken over", async () => {
  const first = source.putImage("a", "v1", "shared layer");
  const second = source.putImage("b", "v1", "shared layer");
  await copier.copy("a", "a", "v1", first);
  const uploads = sent("PATCH") + sent("PUT");
  await copier.copy("b", "b", "v1", second);

  expect(sent("PATCH") + sent("PUT")).toBe(uploads + 1);
  expect(destination.requests.filter((line) => line.includes("mount="))).toHaveLength(2);
  expect(destination.tagsOf("b")).toEqual({ v1: second });
});

test("an artifact with nothing but a configuration", async () => {
  const config = { mediaType: "application/vnd.example", ...source.putBlob("a", "signed") };
  const artifact = source.putManifest("a", "sha256-x.sig", {
    config,
    layers: [],
    artifactType: "x",
    subject: config,
  });
  await copier.copy("a", "a", "sig", artifact);
  expect(destination.tagsOf("a")).toEqual({ sig: artifact });
});

test("a layer that is not what its digest says: an error, and no tag", async () => {
  const image = source.putImage("a", "v1", "layer");
  source.repository("a").blobs.set(sha256("layer"), Buffer.from("LAYER"));
  await expect(copier.copy("a", "a", "v1", image)).rejects.toThrow(`its content is ${sha256("LAYER")}`);
  expect(destination.tagsOf("a")).toEqual({});
  expect(destination.repository("a").blobs.has(sha256("layer"))).toBe(false);
});

test("a failure is not remembered: the next attempt begins anew", async () => {
  const image = source.putImage("a", "v1", "layer");
  destination.intercept = (request, ...rest) =>
    request.method === "POST" && answering(507, "full")(request, ...rest);
  await expect(copier.copy("a", "a", "v1", image)).rejects.toThrow("full");
  destination.intercept = undefined;
  await copier.copy("a", "a", "v1", image);
  expect(destination.tagsOf("a")).toEqual({ v1: image });
});

test("an index in an index in an index …", async () => {
  let digest = source.putImage("a", undefined, "layer");
  for (let depth = 0; depth < 8; depth++)
    digest = source.putManifest("a", undefined, { depth, manifests: [{ digest, size: 1 }] }, INDEX);
  await expect(copier.copy("a", "a", "v1", digest)).rejects.toThrow("an index in an index, 5 deep");
});

test("an image that went away meanwhile", async () => {
  await expect(copier.copy("a", "a", "v1", sha256("gone"))).rejects.toThrow("is not there any more");
});
