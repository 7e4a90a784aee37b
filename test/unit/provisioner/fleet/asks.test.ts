import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Ask,
  changeAsk,
  findAsk,
  listAsks,
  newAsk,
  putAsk,
  removeAsk,
} from "../../../../provisioner/fleet/asks.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";

describeIf(hasCommand("etcd"))("what is asked of another host", () => {
  const cleanup = new Cleanup();
  let store: Store;
  beforeAll(async () => {
    store = await (await openSharedStores(cleanup))();
  }, 40_000);
  afterAll(() => cleanup.run());

  async function post(host: string): Promise<Ask> {
    const ask = newAsk(host, "operation", { kind: "stop", names: ["web"] });
    const revision = Number(await store.transact({ expect: [], put: [putAsk(ask)] }));
    return { ...ask, revision };
  }

  test("is found, by host or among all", async () => {
    const [one, two] = [await post("h1"), await post("h2")];

    expect(await findAsk(store, one)).toEqual(one);
    expect(await listAsks(store, "h2")).toEqual([two]);
    expect(await listAsks(store)).toEqual([one, two]);
  });

  test("is taken by one, and then not taken back by who asked", async () => {
    const ask = await post("h3");
    const taken = await changeAsk(store, ask, { state: "taken" });

    expect(taken).toMatchObject({ state: "taken" });
    expect(await changeAsk(store, ask, { state: "taken" })).toBeUndefined();
    expect(await removeAsk(store, ask)).toBe(false);
    expect(taken && (await removeAsk(store, taken))).toBe(true);
    expect(await findAsk(store, ask)).toBeUndefined();
  });

  test("lives as long as who asks, until it is taken", async () => {
    const ask = await post("h4");

    expect(putAsk(ask).seconds).toBe(15);
    expect(putAsk({ ...ask, state: "taken" }).seconds).toBeUndefined();
    expect(putAsk({ ...ask, state: "answered" }).seconds).toBe(60);
  });
});
