import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseServer } from "../../../../../provisioner/registry/server/declaration.ts";
import { collectGarbage, planGarbage } from "../../../../../provisioner/registry/server/garbage.ts";
import { ServerDocuments } from "../../../../../provisioner/registry/server/window.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("what cannot be done in a bucket is refused before any replica is disturbed", async () => {
  const spec = parseServer("file", {
    name: "registry.example",
    folder: "/conf",
    replicas: { a: { address: "10.0.0.11:5000" } },
    storage: { s3: { bucket: "images" } },
  });
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const said: string[] = [];
  const context = {
    documents: new ServerDocuments(store, spec.name),
    clock: new ManualClock(),
    signal: new AbortController().signal,
    without: ["a"],
    untagged: { ageMs: 1, inUse: new Set<string>() },
    say: (line: string): void => void said.push(line),
  };

  const refused = "manifests without a tag are found in a folder only, not in a bucket";
  await expect(collectGarbage(spec, context)).rejects.toThrow(refused);
  await expect(planGarbage(spec, context)).rejects.toThrow(refused);
  expect(said).toEqual([]);
});
