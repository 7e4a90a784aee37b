import { afterAll, expect } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { batchRoutes } from "../../../../../provisioner/api/routes/batches.ts";
import { findMismatch } from "../../../../../provisioner/api/schema.ts";
import { SCHEMAS } from "../../../../../provisioner/api/schemas.ts";
import { CREATE_DEFAULTS } from "../../../../../provisioner/ct/request.ts";
import { newAsk, putAsk } from "../../../../../provisioner/fleet/asks.ts";
import { putBatch } from "../../../../../provisioner/fleet/batches.ts";
import type { Store } from "../../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { addHost, openSharedStores } from "../../../../support/fleet-store.ts";
import { hasCommand, testIf } from "../../../../support/host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const CREATE = { ...CREATE_DEFAULTS, kind: "create", name: "web", image: "debian:12", net: "front" } as const;

/** What a route answers; fails where that is not what its schema says. */
async function ask(store: Store, method: "GET" | "DELETE", id = ""): Promise<unknown> {
  const route = batchRoutes({ store, clock: systemClock, by: "here" }).find((each) => each.method === method);
  if (route === undefined) throw new Error(`no route for ${method}`);
  const [signal, params] = [new AbortController().signal, { id }];
  const value = await route.handle({ params, query: {}, body: undefined, idempotencyKey: undefined, signal });
  expect(findMismatch(route.answer.schema, value, SCHEMAS)).toBeUndefined();
  return value;
}

testIf(hasCommand("etcd"))(
  "a batch is looked at, and ended once",
  async () => {
    const store = await (await openSharedStores(cleanup))();
    expect(await ask(store, "GET")).toEqual([]);
    await addHost(store, "h1");
    const asks = ["h1", "h2"].map((host) => newAsk(host, "operation", { ...CREATE, names: [`web-${host}`] }));
    await store.transact({ expect: [], put: [...asks.map(putAsk), ...putBatch(asks)] });
    const id = asks[0]?.id ?? "";
    const parts = [
      { host: "h1", hostState: "ready", state: "pending" },
      { host: "h2", hostState: null, state: "pending", machines: ["web-h2"] },
    ];

    expect(await ask(store, "GET")).toMatchObject([{ id, state: "making", parts }]);
    expect(await ask(store, "DELETE", id)).toMatchObject({ id, parts });
    expect(await ask(store, "GET")).toEqual([]);
    await expect(ask(store, "DELETE", id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  },
  40_000,
);
