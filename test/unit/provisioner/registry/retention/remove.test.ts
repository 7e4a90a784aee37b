import { afterAll, beforeEach, expect, test } from "vitest";
import { Registry } from "../../../../../provisioner/registry/client.ts";
import { type Inventory, readInventory } from "../../../../../provisioner/registry/retention/inventory.ts";
import { planRemoval } from "../../../../../provisioner/registry/retention/plan-removal.ts";
import { type RemovalReport, removeImages } from "../../../../../provisioner/registry/retention/remove.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { INDEX, MANIFEST, MemoryRegistry } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let memory = new MemoryRegistry();
let registry: Registry;

beforeEach(async () => {
  memory = await new MemoryRegistry().start(cleanup);
  registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
});

async function remove(
  tags: readonly string[],
  { used = [], isDryRun = false }: { used?: readonly string[]; isDryRun?: boolean } = {},
  between = (): void => {},
): Promise<RemovalReport> {
  const inventory: Inventory = await readInventory(registry, "app", Date.now());
  const inUse = { digests: new Set<string>(), tags: new Set(used) };
  const plan = planRemoval(inventory, new Set(tags), inUse);
  between();
  return removeImages(registry, inventory, plan, isDryRun);
}

test("what is planned goes, and is told; a dry run tells the same", async () => {
  const [one] = [memory.putImage("app", "v1", "1"), memory.putImage("app", "v2", "2")];
  const outcome = { repository: "app", tag: "v1", digest: one, action: "removed" };
  const dry = await remove(["v1", "v2"], { used: ["app:v2"], isDryRun: true });
  expect(Object.keys(memory.tagsOf("app"))).toEqual(["v1", "v2"]);
  const done = await remove(["v1", "v2"], { used: ["app:v2"] });
  expect(done).toEqual(dry);
  expect(done.outcomes).toContainEqual(outcome);
  expect(done.outcomes).toContainEqual(
    expect.objectContaining({ tag: "v2", action: "kept", why: "a container runs it" }),
  );
  expect(Object.keys(memory.tagsOf("app"))).toEqual(["v2"]);
  expect(memory.repository("app").manifests.has(one)).toBe(false);
});

test("of an image that is needed the tag goes alone, where the registry can do that", async () => {
  const image = memory.putImage("app", "v1", "1");
  memory.repository("app").tags.set("latest", image);
  memory.intercept = (request, response) => {
    if (request.method !== "DELETE" || request.url?.includes("sha256:")) return false;
    response.writeHead(405).end();
    return true;
  };
  const kept = await remove(["v1"]);
  expect(kept).toMatchObject({
    outcomes: [{ action: "kept", why: expect.stringContaining("by digest alone") }],
    manifests: 0,
  });
  expect(memory.tagsOf("app")).toEqual({ v1: image, latest: image });

  memory.intercept = undefined;
  expect((await remove(["v1"])).outcomes).toMatchObject([{ action: "removed" }]);
  expect(memory.tagsOf("app")).toEqual({ latest: image });
  expect(memory.repository("app").manifests.has(image)).toBe(true);
});

test("a repository that was pushed to since is left alone", async () => {
  const image = memory.putImage("app", "v1", "1");
  const push = (): void => void memory.repository("app").tags.set("new", image);
  await expect(remove(["v1"], {}, push)).rejects.toThrow("app was pushed to meanwhile: nothing is removed");
  expect(memory.tagsOf("app")).toEqual({ v1: image, new: image });
});

test("what the registry refuses is told, and costs itself", async () => {
  const one = memory.putImage("app", "v1", "1");
  memory.putImage("app", "v2", "2");
  memory.intercept = (request, response) => {
    if (request.method !== "DELETE" || !request.url?.endsWith(one)) return false;
    response.writeHead(403).end('{"errors":[{"code":"DENIED","message":"not yours"}]}');
    return true;
  };
  const report = await remove(["v1", "v2"]);
  expect(report.manifests).toBe(1);
  expect(report.outcomes).toMatchObject([
    { tag: "v1", action: "failed", why: expect.stringContaining("DENIED: not yours") },
    { tag: "v2", action: "removed" },
  ]);
});

test("what is named by something that could not be removed stays as well: what has a tag is whole", async () => {
  const image = memory.putImage("app", undefined, "1");
  const manifests = [{ mediaType: MANIFEST, digest: image, size: 1 }];
  const index = memory.putManifest("app", "all", { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
  const other = memory.putImage("app", "v2", "2");
  memory.intercept = (request, response) => {
    if (request.method !== "DELETE" || !request.url?.endsWith(index)) return false;
    response.writeHead(403).end('{"errors":[{"code":"DENIED","message":"not yours"}]}');
    return true;
  };
  const report = await remove(["all", "v2"]);
  expect([...memory.repository("app").manifests.keys()]).toEqual([image, index]);
  expect(report).toMatchObject({
    manifests: 1,
    outcomes: [
      { tag: "all", digest: index, action: "failed", why: expect.stringContaining("DENIED: not yours") },
      { tag: "v2", digest: other, action: "removed" },
    ],
  });
});
