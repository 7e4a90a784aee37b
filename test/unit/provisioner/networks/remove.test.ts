import { afterEach, beforeEach, expect, test } from "vitest";
import { readPool } from "../../../../provisioner/addresses/audit.ts";
import { MAX_CLAIMS, reserveAddresses } from "../../../../provisioner/addresses/reserve.ts";
import { releaseAddress } from "../../../../provisioner/addresses/transitions.ts";
import type { Lease } from "../../../../provisioner/addresses/types.ts";
import { createNetwork, listNetworks, readNetwork } from "../../../../provisioner/networks/networks.ts";
import { removeNetwork } from "../../../../provisioner/networks/remove.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { ownerOf, SetClock, specOf } from "../../../support/networks.ts";

let store: Store;
let clock: SetClock;
beforeEach(async () => {
  store = openEmbeddedStore(":memory:");
  clock = new SetClock();
  await createNetwork(store, clock, specOf());
});
afterEach(() => store.close());

async function reserve(from: number, count: number): Promise<readonly Lease[]> {
  const claims = Array.from({ length: count }, (_, i) => ({ owner: ownerOf(from + i) }));
  return reserveAddresses(store, clock, "web", claims);
}

/** Ends in the place of the transaction with this number, from 0, before or after it is carried out. */
function crashing(at: number, when: "before" | "after"): Store {
  let count = 0;
  return {
    ...store,
    transact: async (transaction) => {
      const isNow = count++ === at;
      if (isNow && when === "before") throw new Error("killed");
      const revision = await store.transact(transaction);
      if (isNow) throw new Error("killed");
      return revision;
    },
  };
}

test("refused while an address is held or rests, and left as it was", async () => {
  const [lease] = await reserve(1, 1);
  await expect(removeNetwork(store, clock, "web")).rejects.toThrow(
    "network web: 1 of its addresses are held",
  );
  if (lease) await releaseAddress(store, clock, lease);
  await expect(removeNetwork(store, clock, "web")).rejects.toThrow(
    "network web: 1 of its addresses are in quarantine until 2023-11-14T22:23:20.000Z",
  );
  expect((await readNetwork(store, "web")).network.state).toBe("active");

  clock.now += 600_000;
  await removeNetwork(store, clock, "web");
  expect(await listNetworks(store)).toEqual([]);
  expect(await readPool(store, "web")).toEqual({ rows: [], holdings: [] });
  await expect(removeNetwork(store, clock, "web")).rejects.toThrow("network web: not found");
});

test.for([0, 1, 2, 3].flatMap((at) => (["before", "after"] as const).map((when) => [at, when] as const)))(
  "killed %s transaction %s of several, a second attempt finishes, or a create takes it back",
  async ([at, when]) => {
    for (let batch = 0; batch < 3; batch++) {
      for (const lease of await reserve(batch * MAX_CLAIMS, MAX_CLAIMS))
        await releaseAddress(store, clock, lease);
    }
    const options = { skipQuarantine: true };
    const isLast = at === 3 || (at === 2 && when === "after"); // mark, 127 addresses, 62 and the network
    await removeNetwork(crashing(at, when), clock, "web", options).catch(() => {});
    if (!isLast) await createNetwork(store, clock, specOf());
    expect(await listNetworks(store)).toHaveLength(isLast ? 0 : 1);
    if (!isLast) {
      await reserve(1, 1).then(([lease]) => lease && releaseAddress(store, clock, lease));
      await removeNetwork(store, clock, "web", options);
    }

    expect((await store.list("networks/")).entries).toEqual([]);
    expect((await store.list("pools/")).entries).toEqual([]);
  },
);

test("while it is being removed nothing is handed out", async () => {
  await removeNetwork(crashing(0, "after"), clock, "web").catch(() => {});

  await expect(reserve(1, 1)).rejects.toThrow("network web: being removed");
  await createNetwork(store, clock, specOf());
  await expect(reserve(1, 1)).resolves.toHaveLength(1);
});

test("an address reserved in between is seen, and the mark is taken back", async () => {
  let isFirst = true;
  const late: Store = {
    ...store,
    transact: async (transaction) => {
      if (isFirst) {
        isFirst = false;
        await reserve(1, 1);
      }
      return store.transact(transaction);
    },
  };

  await expect(removeNetwork(late, clock, "web")).rejects.toThrow("are held");
  expect((await readNetwork(store, "web")).network.state).toBe("active");
});
