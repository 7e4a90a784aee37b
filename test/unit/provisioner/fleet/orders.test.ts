import { afterAll, beforeAll, expect, test } from "vitest";
import { listEvents } from "../../../../provisioner/events/event-log.ts";
import { beatKey } from "../../../../provisioner/fleet/documents.ts";
import {
  drainHost,
  fenceHost,
  findOrder,
  isFenced,
  readmitHost,
  refuseFenced,
} from "../../../../provisioner/fleet/orders.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { addHost, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";
import { SetClock } from "../../../support/networks.ts";

describeIf(hasCommand("etcd"))("what an operator says of a host", () => {
  const cleanup = new Cleanup();
  const clock = new SetClock();
  let fresh: () => Promise<Store>;
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
  }, 40_000);
  afterAll(() => cleanup.run());

  async function lostHost(): Promise<Store> {
    const store = await fresh();
    await addHost(store, "h1");
    await store.transact({ expect: [], remove: [beatKey("h1")] });
    return store;
  }

  test("one that reports is not off", async () => {
    const store = await fresh();
    await addHost(store, "h1");

    await expect(fenceHost({ store, clock, by: "h2" }, "h1")).rejects.toMatchObject({ code: "ALIVE" });
    expect(await findOrder(store, "h1")).toBeUndefined();
  });

  test("one that does not is fenced until it is readmitted", async () => {
    const store = await lostHost();
    const orderer = { store, clock, by: "h2" };

    expect(await fenceHost(orderer, "h1")).toEqual({ state: "fenced", sinceMs: clock.now, by: "h2" });
    expect(await isFenced(store, "h1")).toBe(true);
    await expect(refuseFenced(store, "h1")).rejects.toThrow("host h1: is fenced");
    await expect(drainHost(orderer, "h1")).rejects.toThrow("is fenced, which is more");
    clock.now++;
    expect(await readmitHost(orderer, "h1")).toBe(true);
    expect(await isFenced(store, "h1")).toBe(false);
    await refuseFenced(store, "h1");
    expect(await readmitHost(orderer, "h1")).toBe(false);
    expect((await listEvents(store)).map(({ host, kind, text }) => [host, kind, text])).toEqual([
      ["h1", "fence", "said on h2"],
      ["h1", "readmit", "said on h2"],
    ]);
  });

  test("said again it is what was said first, even when that host reports again", async () => {
    const store = await lostHost();
    const first = await fenceHost({ store, clock, by: "h2" }, "h1");
    await addHost(store, "h1");

    expect(await fenceHost({ store, clock: new SetClock(), by: "h3" }, "h1")).toMatchObject(first);
  });

  test("a host that drains may be fenced", async () => {
    const store = await lostHost();
    const orderer = { store, clock, by: "h2" };

    expect((await drainHost(orderer, "h1")).state).toBe("draining");
    expect(await isFenced(store, "h1")).toBe(false);
    expect((await fenceHost(orderer, "h1")).state).toBe("fenced");
  });

  test("of a host that nobody knows nothing is said", async () => {
    const orderer = { store: await fresh(), clock, by: "h2" };

    await expect(fenceHost(orderer, "h9")).rejects.toThrow("host h9: not in the fleet");
    await expect(readmitHost(orderer, "h9")).rejects.toThrow("host h9: not in the fleet");
  });
});
