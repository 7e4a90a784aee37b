import { afterAll, expect } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { NotFoundError, UsageError } from "../../../../../core/runtime/errors.ts";
import { evacuationRoutes } from "../../../../../provisioner/api/routes/evacuations.ts";
import { findMismatch } from "../../../../../provisioner/api/schema.ts";
import { SCHEMAS } from "../../../../../provisioner/api/schemas.ts";
import { beatKey } from "../../../../../provisioner/fleet/documents.ts";
import { fenceHost } from "../../../../../provisioner/fleet/orders.ts";
import { createNetwork } from "../../../../../provisioner/networks/networks.ts";
import type { Store } from "../../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { AskedHost, addHost, addMachine, openSharedStores } from "../../../../support/fleet-store.ts";
import { hasCommand, testIf } from "../../../../support/host.ts";
import { specOf } from "../../../../support/networks.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

interface Begun {
  readonly operations: readonly { readonly host: string; readonly id: string }[];
}

/** What a route answers; fails where that is not what its schema says. */
async function ask(store: Store, route: string, name: string, body?: object, id = ""): Promise<unknown> {
  const routes = evacuationRoutes({ store, clock: systemClock, by: "h2" });
  const found = routes.find((each) => each.name === route);
  if (found === undefined) throw new Error(`no route ${route}`);
  if (found.body) expect(findMismatch(found.body, body, SCHEMAS)).toBeUndefined();
  const [signal, params] = [new AbortController().signal, { name, id }];
  const value = await found.handle({ params, query: {}, body, idempotencyKey: undefined, signal });
  expect(findMismatch(found.answer.schema, value, SCHEMAS)).toBeUndefined();
  return value;
}

testIf(hasCommand("etcd"))(
  "a fenced host's machines are made elsewhere once somebody says that it may be without their data",
  async () => {
    const store = await (await openSharedStores(cleanup))();
    for (const host of ["h1", "h2"]) await addHost(store, host);
    const { network } = await addMachine(store, "web", "h1");
    await createNetwork(store, systemClock, specOf({ name: network }));
    const h2 = new AskedHost(store, "h2");
    h2.start(cleanup);
    const evacuate = (withoutData: boolean) => ask(store, "evacuateHost", "h1", { withoutData });
    await expect(ask(store, "previewEvacuation", "h1")).rejects.toMatchObject({ code: "FENCE" });
    await expect(evacuate(true)).rejects.toMatchObject({ code: "FENCE" });
    await store.transact({ expect: [], remove: [beatKey("h1")] });
    await fenceHost({ store, clock: systemClock, by: "h2" }, "h1");

    expect(await ask(store, "previewEvacuation", "h1")).toMatchObject({ moves: [{ name: "web", to: "h2" }] });
    await expect(evacuate(false)).rejects.toThrow(UsageError);
    expect(h2.done).toEqual([]);

    const begun = await evacuate(true);
    expect(begun).toMatchObject({
      operations: [{ host: "h2", machines: ["web"], error: null }],
      refused: [],
    });
    expect(h2.done).toEqual([{ kind: "evacuate", names: ["web"], from: "h1" }]);
    const [{ host, id } = { host: "", id: "" }] = (begun as Begun).operations;
    expect(await ask(store, "showOperationOf", host, undefined, id)).toMatchObject({
      ...{ id, kind: "evacuate", state: "ended", results: [{ name: "web", state: "done" }] },
    });
    await expect(ask(store, "showOperationOf", "h1", undefined, id)).rejects.toThrow(NotFoundError);
  },
  40_000,
);
