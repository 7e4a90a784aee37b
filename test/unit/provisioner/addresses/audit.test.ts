import { afterEach, beforeEach, expect, test } from "vitest";
import { auditPool, countPool, findLeaks, readPool } from "../../../../provisioner/addresses/audit.ts";
import { addressKey, ownerKey } from "../../../../provisioner/addresses/documents.ts";
import { reserveAddresses } from "../../../../provisioner/addresses/reserve.ts";
import { releaseAddress } from "../../../../provisioner/addresses/transitions.ts";
import { parseIpv4 } from "../../../../provisioner/networks/ipv4.ts";
import type { Network } from "../../../../provisioner/networks/network.ts";
import { createNetwork } from "../../../../provisioner/networks/networks.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { ownerOf, SetClock, specOf } from "../../../support/networks.ts";

const clock = new SetClock();
const spec = specOf();
const network: Network = { ...spec, state: "active", createdMs: 0 };
let store: Store;
beforeEach(async () => {
  store = openEmbeddedStore(":memory:");
  await createNetwork(store, clock, spec);
  await reserveAddresses(store, clock, "web", [
    { owner: ownerOf(1), address: parseIpv4("10.0.0.20") },
    { owner: ownerOf(2), address: parseIpv4("10.0.0.3") },
  ]);
});
afterEach(() => store.close());

async function audit(): Promise<readonly string[]> {
  return auditPool(network, await readPool(store, "web"));
}

/** Writes into the store behind the rules' back. */
async function write(key: string, value: object): Promise<void> {
  await store.transact({ expect: [], put: [{ key, value }] });
}

test("what the rules bring about does not contradict itself", async () => {
  const pool = await readPool(store, "web");

  expect(auditPool(network, pool)).toEqual([]);
  expect(pool.rows.map(({ owner }) => owner)).toEqual([ownerOf(2), ownerOf(1)]); // in the order of addresses
  expect(findLeaks(pool, new Set([ownerOf(1)])).map(({ owner }) => owner)).toEqual([ownerOf(2)]);
});

test("every address is counted in one state", async () => {
  const [lease] = await reserveAddresses(store, clock, "web", [{ owner: ownerOf(1) }]);
  if (lease) await releaseAddress(store, clock, lease);
  const pool = await readPool(store, "web");

  const counts = { free: 252, reserved: 1, bound: 0, quarantine: 1, conflict: 0 };
  expect(countPool(network, 254, pool, clock.now)).toEqual(counts);
  expect(countPool(network, 254, pool, clock.now + 600_000)).toEqual({ ...counts, free: 253, quarantine: 0 });
});

test("an owner with two addresses is found", async () => {
  await write(addressKey("web", parseIpv4("10.0.0.30") ?? 0), {
    state: "bound",
    owner: ownerOf(1),
    generation: 1,
    sinceMs: 1,
  });

  expect(await audit()).toEqual([
    `10.0.0.30: its owner ${ownerOf(1)} holds another address`,
    "10.0.0.30: bound, but its owner's document does not say so",
  ]);
});

test("an owner's document without its address, and the other way round", async () => {
  await store.transact({ expect: [], remove: [ownerKey("web", ownerOf(2))] });
  await write(ownerKey("web", ownerOf(3)), { address: "10.0.0.20", generation: 1 });

  expect(await audit()).toEqual([
    "10.0.0.3: reserved, but its owner's document does not say so",
    `10.0.0.20: not held by ${ownerOf(3)}, whose document says so`,
  ]);
});

test("an address that is not the network's to hand out", async () => {
  await write(addressKey("web", parseIpv4("10.0.1.1") ?? 0), {
    state: "quarantine",
    owner: ownerOf(1),
    generation: 1,
    sinceMs: 1,
  });

  expect(await audit()).toEqual(["10.0.1.1: not an address to hand out"]);
});
