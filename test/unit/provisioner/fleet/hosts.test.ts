import { afterAll, beforeAll, expect, test } from "vitest";
import { CREATE_DEFAULTS } from "../../../../provisioner/ct/request.ts";
import { newAsk, putAsk } from "../../../../provisioner/fleet/asks.ts";
import { beatKey, orderKey } from "../../../../provisioner/fleet/documents.ts";
import { readFleet } from "../../../../provisioner/fleet/hosts.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { addHost, addMachine, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";

const CREATE = { ...CREATE_DEFAULTS, kind: "create", name: "web", image: "debian:12", net: "front" } as const;

describeIf(hasCommand("etcd"))("the hosts of a store", () => {
  const cleanup = new Cleanup();
  let fresh: () => Promise<Store>;
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
  }, 40_000);
  afterAll(() => cleanup.run());

  test("are what they say, in the state that reports and orders give", async () => {
    const store = await fresh();
    for (const name of ["ready", "draining", "lost", "gone", "fenced"]) await addHost(store, name);
    const order = (name: string, state: string): Promise<unknown> =>
      store.transact({
        expect: [],
        put: [{ key: orderKey(name), value: { state, sinceMs: 1, by: "ready" } }],
      });
    await order("draining", "draining");
    await order("gone", "draining");
    await order("fenced", "fenced");
    await store.transact({ expect: [], remove: [beatKey("lost"), beatKey("gone")] });
    const { hosts } = await readFleet(store);

    expect(hosts.map(({ name, state }) => [name, state])).toEqual([
      ["draining", "draining"],
      ["fenced", "fenced"],
      ["gone", "lost"],
      ["lost", "lost"],
      ["ready", "ready"],
    ]);
    expect(hosts.find(({ name }) => name === "lost")).toMatchObject({ seenMs: undefined, images: [] });
  });

  test("what is on its way counts as used, and once it is there it counts once", async () => {
    const store = await fresh();
    await addHost(store, "h1");
    await addHost(store, "h2");
    await addMachine(store, "old", "h1");
    const ask = newAsk("h1", "operation", { ...CREATE, cpus: "2", names: ["web-1", "web-2"] });
    await store.transact({ expect: [], put: [putAsk(ask)] });
    const usedCpus = async (): Promise<readonly number[]> =>
      (await readFleet(store)).hosts.map(({ used }) => used.cpus);

    expect(await usedCpus()).toEqual([4.5, 0]);
    await addMachine(store, "web-1", "h1", { limits: { cpus: 2, cpuset: "0-1", memoryBytes: 2 ** 29 } });
    expect(await usedCpus()).toEqual([4.5, 0]);
    await store.transact({ expect: [], put: [putAsk({ ...ask, state: "answered" })] });
    expect(await usedCpus()).toEqual([2.5, 0]);
  });

  test("a machine on its way from one host to another counts on both", async () => {
    const store = await fresh();
    for (const name of ["h1", "h2"]) await addHost(store, name);
    await addMachine(store, "web", "h1");
    const ask = newAsk("h2", "operation", { kind: "evacuate", names: ["web"], from: "h1" });
    await store.transact({ expect: [], put: [putAsk(ask)] });

    expect((await readFleet(store)).hosts.map(({ used }) => used.cpus)).toEqual([0.5, 0.5]);
  });
});
