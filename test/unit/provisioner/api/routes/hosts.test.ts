import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { NotFoundError, UsageError } from "../../../../../core/runtime/errors.ts";
import { hostRoutes } from "../../../../../provisioner/api/routes/hosts.ts";
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

/** What a route answers; fails where that is not what its schema says. */
async function ask(store: Store, name = "listHosts", host = "", body?: object): Promise<unknown> {
  const found = hostRoutes({ store, clock: systemClock, by: "here" }).find((each) => each.name === name);
  if (found === undefined) throw new Error(`no route ${name}`);
  if (found.body) expect(findMismatch(found.body, body, SCHEMAS)).toBeUndefined();
  const [signal, params] = [new AbortController().signal, { name: host }];
  const value = await found.handle({ params, query: {}, body, idempotencyKey: undefined, signal });
  expect(findMismatch(found.answer.schema, value, SCHEMAS)).toBeUndefined();
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

testIf(hasCommand("etcd"))(
  "a host is drained, fenced once it is off and somebody says so, and readmitted",
  async () => {
    const store = await (await openSharedStores(cleanup))();
    await addHost(store, "h1");
    expect(await ask(store, "drainHost", "h1")).toMatchObject({ host: "h1", state: "draining", by: "here" });
    expect(await ask(store)).toMatchObject([{ name: "h1", state: "draining" }]);
    await expect(ask(store, "fenceHost", "h1", { isOff: true })).rejects.toMatchObject({ code: "ALIVE" });

    await store.transact({ expect: [], remove: [beatKey("h1")] });
    await expect(ask(store, "fenceHost", "h1", { isOff: false })).rejects.toThrow(UsageError);
    expect(await ask(store)).toMatchObject([{ state: "lost" }]);
    expect(await ask(store, "fenceHost", "h1", { isOff: true })).toMatchObject({ state: "fenced" });
    await expect(ask(store, "drainHost", "h1")).rejects.toMatchObject({ code: "FENCED" });

    expect(await ask(store, "readmitHost", "h1")).toEqual({ host: "h1" });
    await expect(ask(store, "readmitHost", "h1")).rejects.toThrow(NotFoundError);
    await expect(ask(store, "drainHost", "h2")).rejects.toThrow("host h2: not in the fleet");
  },
  40_000,
);
