import fc from "fast-check";
import { expect, test } from "vitest";
import { auditPool, readPool } from "../../../../provisioner/addresses/audit.ts";
import { isHeld } from "../../../../provisioner/addresses/choose.ts";
import { MAX_CLAIMS, reserveAddresses } from "../../../../provisioner/addresses/reserve.ts";
import { releaseAddress } from "../../../../provisioner/addresses/transitions.ts";
import type { Lease } from "../../../../provisioner/addresses/types.ts";
import { parseIpv4 } from "../../../../provisioner/networks/ipv4.ts";
import type { NetworkSpec } from "../../../../provisioner/networks/network.ts";
import { createNetwork, listNetworks, readNetwork } from "../../../../provisioner/networks/networks.ts";
import { removeNetwork } from "../../../../provisioner/networks/remove.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { commands, MortalStore } from "../../../support/address-model.ts";
import { ownerOf, SetClock, specOf } from "../../../support/networks.ts";

async function withStore(
  spec: NetworkSpec,
  use: (store: Store, clock: SetClock) => Promise<void>,
): Promise<void> {
  const store = openEmbeddedStore(":memory:");
  const clock = new SetClock();
  try {
    await createNetwork(store, clock, spec);
    await use(store, clock);
  } finally {
    await store.close();
  }
}

const claimsOf = (...owners: number[]) => owners.map((owner) => ({ owner: ownerOf(owner) }));

test("an address, its MAC, its generation; the same again for the same owner", () =>
  withStore(specOf(), async (store, clock) => {
    const claim = { owner: ownerOf(1), address: parseIpv4("10.0.0.7") };
    const lease: Lease = {
      network: "web",
      address: "10.0.0.7",
      mac: "02:64:0a:00:00:07",
      owner: ownerOf(1),
      generation: 1,
      state: "reserved",
    };

    expect(await reserveAddresses(store, clock, "web", [claim])).toEqual([lease]);
    expect(await reserveAddresses(store, clock, "web", [claim])).toEqual([lease]);
    expect(await reserveAddresses(store, clock, "web", claimsOf(1))).toEqual([lease]);
  }));

test("several at once: all, in the order asked for, or none", () =>
  withStore(specOf({ cidr: "10.0.0.0/29" }), async (store, clock) => {
    const [first] = await reserveAddresses(store, clock, "web", claimsOf(3));
    const leases = await reserveAddresses(store, clock, "web", claimsOf(1, 2, 3, 4));

    expect(leases.map(({ owner }) => owner)).toEqual([1, 2, 3, 4].map(ownerOf));
    expect(leases[2]).toEqual(first);
    expect(new Set(leases.map(({ address }) => address)).size).toBe(4);
    await expect(reserveAddresses(store, clock, "web", claimsOf(5, 6, 7))).rejects.toThrow(
      "network web: 3 addresses wanted, 2 free",
    );
    expect((await readPool(store, "web")).rows).toHaveLength(4);
  }));

test(`${MAX_CLAIMS} fit into one request, no more`, () =>
  withStore(specOf(), async (store, clock) => {
    const owners = Array.from({ length: MAX_CLAIMS + 1 }, (_, i) => i);

    await expect(reserveAddresses(store, clock, "web", claimsOf(...owners))).rejects.toThrow("63 at most");
    expect(await reserveAddresses(store, clock, "web", claimsOf(...owners.slice(1)))).toHaveLength(
      MAX_CLAIMS,
    );
  }));

test.for(["web-1", "", "00000000-0000-4000-8000-00000000000A", "../owners"])("%j is no owner", (owner) =>
  withStore(specOf(), async (store, clock) => {
    await expect(reserveAddresses(store, clock, "web", [{ owner }])).rejects.toThrow("not a uuid");
  }),
);

test("a network that is not there", () =>
  withStore(specOf(), async (store, clock) => {
    await expect(reserveAddresses(store, clock, "db", claimsOf(1))).rejects.toThrow("network db: not found");
  }));

test("a damaged row stops every reservation: nothing is handed out on a guess", () =>
  withStore(specOf(), async (store, clock) => {
    const key = "pools/web/addresses/10.0.0.7";
    await store.transact({ expect: [], put: [{ key, value: { state: "bound" } }] });

    await expect(reserveAddresses(store, clock, "web", claimsOf(1))).rejects.toThrow(
      `store :memory:: ${key}: owner: nothing is not a text`,
    );
  }));

test("I1 to I6 hold whatever happens, in whichever order, wherever it is killed", async () => {
  // Two addresses for three owners, and short rests: the same ones are used again and again.
  const spec = specOf({ cidr: "10.0.0.0/29", exclude: ["10.0.0.3-10.0.0.6"], quarantineSeconds: 100 });
  await fc.assert(
    fc.asyncProperty(commands, (sequence) =>
      withStore(spec, async (store, clock) => {
        const { network } = await readNetwork(store, "web");
        const setup = () => ({
          model: { rows: new Map(), leases: [] },
          real: { store: new MortalStore(store), clock, network },
        });
        await fc.asyncModelRun(setup, sequence);
      }),
    ),
    { numRuns: 200 },
  );
});

/** A store each of whose calls waits for its turn. */
function interleaved(store: Store, scheduler: fc.Scheduler): Store {
  return {
    ...store,
    get: scheduler.scheduleFunction((key: string) => store.get(key)),
    list: scheduler.scheduleFunction((prefix: string) => store.list(prefix)),
    transact: scheduler.scheduleFunction((transaction: Parameters<Store["transact"]>[0]) =>
      store.transact(transaction),
    ),
  };
}

test("however their steps interleave, allocators never share an address and an owner never has two", async () => {
  const requests = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }), {
    minLength: 2,
    maxLength: 5,
  });
  // Six owners, six addresses, no rest between two owners: they do meet.
  const spec = specOf({ cidr: "10.0.0.0/29", quarantineSeconds: 0 });
  await fc.assert(
    fc.asyncProperty(requests, fc.scheduler(), (owners, scheduler) =>
      withStore(spec, async (store, clock) => {
        const each = interleaved(store, scheduler);
        const work = owners.map(async (list) => {
          const leases = await reserveAddresses(each, clock, "web", claimsOf(...list));
          const [first] = leases;
          if (first?.owner === ownerOf(1)) await releaseAddress(each, clock, first);
          return leases;
        });
        const answers = await scheduler.waitFor(Promise.all(work));
        const pool = await readPool(store, "web");

        expect(auditPool({ ...spec, state: "active", createdMs: 0 }, pool)).toEqual([]);
        for (const lease of answers.flat()) {
          const same = answers
            .flat()
            .filter(
              ({ address, generation }) => address === lease.address && generation === lease.generation,
            );
          expect(new Set(same.map(({ owner }) => owner)).size).toBe(1);
        }
        const held = pool.rows.filter(isHeld).map(({ owner }) => owner);
        const wanted = new Set(owners.flat().map(ownerOf));
        expect(new Set([...held, ownerOf(1)])).toEqual(new Set([...wanted, ownerOf(1)]));
      }),
    ),
    { numRuns: 100 },
  );
});

test("a network removed at the same time is gone, or its addresses are held: never both", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), (scheduler) =>
      withStore(specOf(), async (store, clock) => {
        const each = interleaved(store, scheduler);
        const work = Promise.allSettled([
          reserveAddresses(each, clock, "web", claimsOf(1, 2)),
          removeNetwork(each, clock, "web"),
        ]);
        const [reserved, removed] = await scheduler.waitFor(work);
        const { rows } = await readPool(store, "web");

        expect(reserved.status === "fulfilled").toBe(rows.length === 2);
        expect(removed.status === "fulfilled").toBe((await listNetworks(store)).length === 0);
        expect(reserved.status === "fulfilled" && removed.status === "fulfilled").toBe(false);
      }),
    ),
    { numRuns: 100 },
  );
});
