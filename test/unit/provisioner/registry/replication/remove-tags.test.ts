import { afterAll, expect, test } from "vitest";
import { Registry } from "../../../../../provisioner/registry/client.ts";
import { removeTags } from "../../../../../provisioner/registry/replication/remove-tags.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { MemoryRegistry } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("a tag that has moved stays, one that is gone is no failure, the others go with their images", async () => {
  const memory = await new MemoryRegistry().start(cleanup);
  const registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
  const [one, two] = [memory.putImage("app", "one", "1"), memory.putImage("app", "two", "2")];
  const wanted = new Map([
    ["one", one],
    ["two", one],
    ["three", one],
  ]);
  expect(await removeTags(registry, "app", wanted, Date.now())).toEqual(
    new Map([["two", "has moved meanwhile"]]),
  );
  expect(memory.tagsOf("app")).toEqual({ two });
  expect([...memory.repository("app").manifests.keys()]).toEqual([two]);
});
