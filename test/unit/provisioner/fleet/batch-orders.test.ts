import { afterAll, expect } from "vitest";
import { CREATE_DEFAULTS } from "../../../../provisioner/ct/request.ts";
import { listEvents } from "../../../../provisioner/events/event-log.ts";
import { newAsk, putAsk } from "../../../../provisioner/fleet/asks.ts";
import { endBatch, listBatches, readBatch } from "../../../../provisioner/fleet/batch-orders.ts";
import { putBatch } from "../../../../provisioner/fleet/batches.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { addHost, openSharedStores } from "../../../support/fleet-store.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { SetClock } from "../../../support/networks.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const CREATE = { ...CREATE_DEFAULTS, kind: "create", name: "web", image: "debian:12", net: "front" } as const;

testIf(hasCommand("etcd"))(
  "two who end a batch at once: one does, and says so of what may stay",
  async () => {
    const store = await (await openSharedStores(cleanup))();
    for (const name of ["h1", "h2"]) await addHost(store, name);
    const asks = ["h1", "h2"].map((host) => newAsk(host, "operation", { ...CREATE, names: [`web-${host}`] }));
    await store.transact({ expect: [], put: [...asks.map(putAsk), ...putBatch(asks)] });
    const id = asks[0]?.id ?? "";
    const [listed] = await listBatches(store);
    expect(listed).toEqual((await readBatch(store, id)).view);

    const orderer = { store, clock: new SetClock(), by: "h3" };
    const ended = await Promise.allSettled([endBatch(orderer, id), endBatch(orderer, id)]);
    expect(ended.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await listEvents(store)).map(({ host, name, state }) => [host, name, state])).toEqual([
      ["h3", "web-h1", "left"],
      ["h3", "web-h2", "left"],
    ]);
    await expect(readBatch(store, id)).rejects.toThrow("not found, or over");
  },
  40_000,
);
