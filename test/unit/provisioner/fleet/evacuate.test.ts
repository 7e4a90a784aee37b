import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { beatKey } from "../../../../provisioner/fleet/documents.ts";
import { placeEvacuation, previewEvacuation, untilBegun } from "../../../../provisioner/fleet/evacuate.ts";
import { fenceHost } from "../../../../provisioner/fleet/orders.ts";
import { createNetwork } from "../../../../provisioner/networks/networks.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { AskedHost, addHost, addMachine, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";
import { specOf } from "../../../support/networks.ts";

const NEVER = new AbortController().signal;
const GIB = 2 ** 30;

describeIf(hasCommand("etcd"))("an evacuation", () => {
  const cleanup = new Cleanup();
  let fresh: () => Promise<Store>;
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
  }, 40_000);
  afterAll(() => cleanup.run());

  /** h1, which is off, has two machines for h2 and h3, and one that is too large for either. */
  async function fencedFleet(): Promise<Store> {
    const store = await fresh();
    for (const host of ["h1", "h2", "h3"]) await addHost(store, host);
    const { network } = await addMachine(store, "web", "h1", limitsOf(6));
    await createNetwork(store, systemClock, specOf({ name: network }));
    await addMachine(store, "db", "h1", limitsOf(5));
    await addMachine(store, "huge", "h1", limitsOf(9));
    await store.transact({ expect: [], remove: [beatKey("h1")] });
    await fenceHost({ store, clock: systemClock, by: "h2" }, "h1");
    return store;
  }

  test("is looked at without a change, and only of a fenced host", async () => {
    const store = await fencedFleet();
    const { entries } = await store.list("");

    expect(await previewEvacuation(store, "h1")).toMatchObject({
      from: "h1",
      moves: [
        { name: "web", to: "h2", ip: null, generation: 2, hasImage: true, diskBytes: GIB },
        { name: "db", to: "h3" },
      ],
      refused: [{ name: "huge" }],
    });
    expect((await store.list("")).entries).toEqual(entries);
    for (const use of [previewEvacuation(store, "h2"), placeEvacuation(store, systemClock, "h2")])
      await expect(use).rejects.toThrow("host h2: is ready, not fenced");
  });

  test("has begun where a host has it in its journal; that one refuses costs the others nothing", async () => {
    const store = await fencedFleet();
    new AskedHost(store, "h2").start(cleanup);
    new AskedHost(store, "h3", refuse).start(cleanup);
    const { asks, refused } = await placeEvacuation(store, systemClock, "h1");

    expect(refused).toMatchObject([{ name: "huge" }]);
    expect(await untilBegun(store, systemClock, asks, NEVER)).toEqual([
      { host: "h2", id: asks[0]?.id, machines: ["web"], error: null },
      { host: "h3", id: asks[1]?.id, machines: ["db"], error: "container db: somebody answers" },
    ]);
  });

  test("that all hosts refuse is refused as the first does", async () => {
    const store = await fencedFleet();
    for (const host of ["h2", "h3"]) new AskedHost(store, host, refuse).start(cleanup);
    const { asks } = await placeEvacuation(store, systemClock, "h1");

    await expect(untilBegun(store, systemClock, asks, NEVER)).rejects.toMatchObject({ code: "ALIVE" });
    expect(await untilBegun(store, systemClock, [], NEVER)).toEqual([]);
  });
});

function refuse(): never {
  throw new PlimsollError("ALIVE", "container db: somebody answers");
}

function limitsOf(gibibytes: number) {
  return { limits: { cpus: 1, cpuset: "0", memoryBytes: gibibytes * GIB } };
}
