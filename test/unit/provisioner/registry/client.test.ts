import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Registry } from "../../../../provisioner/registry/client.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { answering, INDEX, MANIFEST, MemoryRegistry, sha256 } from "../../../support/memory-registry.ts";

const cleanup = new Cleanup();
let server: MemoryRegistry;
let registry: Registry;

beforeAll(async () => {
  server = await new MemoryRegistry().start(cleanup);
  registry = new Registry({ url: server.url });
  cleanup.add("client", () => registry.close());
});
beforeEach(() => {
  server.intercept = undefined;
  server.repositories.clear();
  server.requests.length = 0;
});
afterAll(() => cleanup.run());

test("lists come page by page, sorted, each name once", async () => {
  server.pageLength = 2;
  for (const name of ["c", "a", "b", "d/e", "f"]) server.putImage(name, "v1", name);
  for (const tag of ["v2", "v3", "latest"]) server.putImage("a", tag, tag);

  expect(await registry.repositories()).toEqual(["a", "b", "c", "d/e", "f"]);
  expect(await registry.tags("a")).toEqual(["latest", "v1", "v2", "v3"]);
  expect(await registry.tags("unknown")).toEqual([]);
});

test("no tags at all: some registries say null", async () => {
  server.intercept = answering(200, '{"name":"a","tags":null}');
  expect(await registry.tags("a")).toEqual([]);
});

test.for([
  ['{"tags":["../../etc"]}', 'lists "../../etc", which is no name'],
  ['{"tags":{}}', "not a list of names"],
  ["<html>", "not valid JSON"],
  ["null", "not a JSON object"],
] as const)("a list of tags that is %s is refused", async ([page, why]) => {
  server.intercept = answering(200, page);
  await expect(registry.tags("a")).rejects.toThrow(why);
});

test("a list that leads back to itself ends", async () => {
  server.intercept = (_request, response) => {
    response.setHeader("link", '</v2/_catalog?last=a>; rel="next"');
    response.end('{"repositories":["a"]}');
    return true;
  };
  await expect(registry.repositories()).rejects.toThrow("a list without an end");
});

test("a manifest comes as its bytes, and goes as them", async () => {
  const image = server.putImage("a", "v1", "layer");
  const index = server.putManifest(
    "a",
    "all",
    { schemaVersion: 2, manifests: [{ digest: image, size: 3 }] },
    INDEX,
  );

  const found = await registry.manifest("a", "all");
  expect(found).toMatchObject({ digest: index, mediaType: INDEX });
  expect(await registry.digestOf("a", "v1")).toBe(image);
  expect(await registry.digestOf("a", "v2")).toBeUndefined();
  expect(await registry.manifest("a", sha256("other"))).toBeUndefined();
  if (found !== undefined) await registry.putManifest("a", "copy", found);
  expect(server.tagsOf("a")).toMatchObject({ copy: index });
});

test("a registry that says no digest is asked for the manifest itself", async () => {
  const image = server.putImage("a", "v1", "layer");
  server.intercept = (request, ...rest) => request.method === "HEAD" && answering(200)(request, ...rest);
  expect(await registry.digestOf("a", "v1")).toBe(image);
});

test("a manifest that is not what its digest says is refused, and so is a huge one", async () => {
  const digest = server.putImage("a", "v1", "layer");
  server.intercept = answering(200, "{}", { "content-type": MANIFEST });
  await expect(registry.manifest("a", digest)).rejects.toThrow(`its content is ${sha256("{}")}`);

  server.intercept = answering(200, Buffer.alloc(5 * 1024 * 1024));
  await expect(registry.manifest("a", "v1")).rejects.toThrow("answers with more than 4194304 bytes");
});

test("a manifest whose parts are not there is refused in the registry's words", async () => {
  const bytes = Buffer.from(JSON.stringify({ layers: [{ digest: sha256("none"), size: 1 }] }));
  await expect(
    registry.putManifest("a", "v1", { mediaType: MANIFEST, digest: sha256(bytes), bytes }),
  ).rejects.toThrow("PUT a:v1: MANIFEST_BLOB_UNKNOWN: manifest blob unknown");
});

test("removing: by tag, and false where the registry cannot", async () => {
  server.putImage("a", "v1", "layer");
  expect(await registry.removeManifest("a", "v1")).toBe(true);
  expect(server.tagsOf("a")).toEqual({});
  server.intercept = answering(400, '{"errors":[{"code":"UNSUPPORTED"}]}');
  expect(await registry.removeManifest("a", "v1")).toBe(false);
});

test("names that are none are not sent", async () => {
  await expect(registry.tags("../x")).rejects.toThrow("is not the name of a repository");
  await expect(registry.digestOf("a", "../x")).rejects.toThrow("is not a tag or a digest");
  expect(server.requests).toEqual([]);
});
