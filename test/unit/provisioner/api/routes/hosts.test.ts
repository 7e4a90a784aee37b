import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { hostRoute } from "../../../../../provisioner/api/routes/hosts.ts";
import { findMismatch } from "../../../../../provisioner/api/schema.ts";
import { SCHEMAS } from "../../../../../provisioner/api/schemas.ts";
import { beatKey } from "../../../../../provisioner/fleet/documents.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { addHost, addMachine, openSharedStores } from "../../../../support/fleet-store.ts";
import { hasCommand, testIf } from "../../../../support/host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** What the route answers; fails where that is not what its schema says. */
async function ask(store: Store): Promise<unknown> {
  const { answer, handle } = hostRoute(store);
  const signal = new AbortController().signal;
  const value = await handle({ params: {}, query: {}, body: undefined, idempotencyKey: undefined, signal });
  expect(findMismatch(answer.schema, value, SCHEMAS)).toBeUndefined();
  return value;
}

testIf(hasCommand("etcd"))(
  "all hosts of the store, those that are lost as well",
  async () => {
    const store = await (await openSharedStores(cleanup))();
    await addHost(store, "h1", { labels: { rack: "a" } }, ["id-of-web"]);
    await addHost(store, "h2");
    await addMachine(store, "web", "h1");
    await store.transact({ expect: [], remove: [beatKey("h2")] });

    expect(await ask(store)).toMatchObject([
      { name: "h1", state: "ready", used: { cpus: 0.5 }, machines: 1, running: 1, labels: { rack: "a" } },
      { name: "h2", state: "lost", seen: null },
    ]);
  },
  40_000,
);

test("a store of one host has none", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());

  expect(await ask(store)).toEqual([]);
});
