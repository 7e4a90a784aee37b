import { afterEach, beforeEach, expect, test } from "vitest";
import { NotFoundError } from "../../../../core/runtime/errors.ts";
import { readPool } from "../../../../provisioner/addresses/audit.ts";
import { reserveAddresses } from "../../../../provisioner/addresses/reserve.ts";
import {
  bindAddress,
  clearConflict,
  releaseAddress,
  reportConflict,
} from "../../../../provisioner/addresses/transitions.ts";
import type { AddressRow, Lease } from "../../../../provisioner/addresses/types.ts";
import { parseIpv4 } from "../../../../provisioner/networks/ipv4.ts";
import { createNetwork } from "../../../../provisioner/networks/networks.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { ownerOf, SetClock, specOf } from "../../../support/networks.ts";

let store: Store;
let clock: SetClock;
let lease: Lease;
beforeEach(async () => {
  store = openEmbeddedStore(":memory:");
  clock = new SetClock();
  await createNetwork(store, clock, specOf({ cidr: "10.0.0.0/30" })); // room for two
  lease = await reserve(1);
});
afterEach(() => store.close());

async function reserve(owner: number): Promise<Lease> {
  const [first] = await reserveAddresses(store, clock, "web", [{ owner: ownerOf(owner) }]);
  if (first === undefined) throw new Error("nothing reserved");
  return first;
}

async function row(): Promise<AddressRow | undefined> {
  const { rows } = await readPool(store, "web");
  return rows.find(({ address }) => address === parseIpv4(lease.address));
}

test("bound, and bound again, since the first time", async () => {
  clock.now += 5;
  const bound = await bindAddress(store, clock, lease);
  clock.now += 5;

  expect(await bindAddress(store, clock, lease)).toEqual(bound);
  expect(await row()).toMatchObject({ state: "bound", sinceMs: clock.now - 5 });
  expect(await reserve(1)).toEqual(bound);
});

test("released once, whatever is tried again, and free after its rest", async () => {
  await bindAddress(store, clock, lease);
  expect(await releaseAddress(store, clock, lease)).toBe(true);
  clock.now += 1;
  expect(await releaseAddress(store, clock, lease)).toBe(false);
  expect(await row()).toMatchObject({ state: "quarantine", sinceMs: clock.now - 1, owner: lease.owner });
  expect((await readPool(store, "web")).holdings).toEqual([]);

  const other = await reserve(2);
  await expect(reserve(3)).rejects.toThrow("1 address wanted, 0 free");
  clock.now += 600_000 - 1;
  const again = await reserve(3);
  expect([again.address, again.generation]).toEqual([lease.address, lease.generation + 1]);
  expect(again.mac).toBe(lease.mac);

  expect(await releaseAddress(store, clock, lease)).toBe(false);
  await expect(bindAddress(store, clock, lease)).rejects.toThrow(
    `address ${lease.address}: not for ${lease.owner} generation 1 to change: it is reserved, ${ownerOf(3)} generation 2`,
  );
  expect(await reserve(3)).toEqual(again);
  expect(await reserve(2)).toEqual(other);
});

test("an owner's earlier lease of the same address is not its present one", async () => {
  await releaseAddress(store, clock, lease);
  clock.now += 600_000;
  const other = await reserve(2); // takes the other address, or this one
  const again = await reserve(1);
  const stale = { ...again, generation: again.generation - 1 };

  expect(await releaseAddress(store, clock, stale)).toBe(false);
  await expect(bindAddress(store, clock, stale)).rejects.toThrow("not for");
  expect(await reserve(1)).toEqual(again);
  expect(other.address).not.toBe(again.address);
});

test("an address in conflict is nobody's until it is cleared; its owner gets another", async () => {
  await reportConflict(store, clock, lease, "52:54:00:12:34:56");
  await reportConflict(store, clock, lease, "52:54:00:12:34:56");
  expect(await row()).toMatchObject({ state: "conflict", detail: "52:54:00:12:34:56" });

  const next = await reserve(1);
  expect(next.address).not.toBe(lease.address);
  clock.now += 6_000_000;
  await expect(reserve(2)).rejects.toThrow("0 free");
  expect(await releaseAddress(store, clock, lease)).toBe(false);

  const address = parseIpv4(lease.address) ?? 0;
  await clearConflict(store, clock, "web", address);
  expect(await row()).toMatchObject({ state: "quarantine", sinceMs: clock.now });
  await expect(clearConflict(store, clock, "web", address)).rejects.toThrow(NotFoundError);
  await expect(clearConflict(store, clock, "db", address)).rejects.toThrow("network db: not found");
  clock.now += 600_000;
  expect((await reserve(2)).address).toBe(lease.address);
});

test("a bound address does not change hands for a conflict", async () => {
  await bindAddress(store, clock, lease);

  await expect(reportConflict(store, clock, lease, "52:54:00:12:34:56")).rejects.toThrow("it is bound");
  expect(await row()).toMatchObject({ state: "bound" });
});

test("a lease of an address that the store does not know", async () => {
  const unknown = { ...lease, network: "db" };

  expect(await releaseAddress(store, clock, unknown)).toBe(false);
  await expect(bindAddress(store, clock, unknown)).rejects.toThrow("it is unknown");
});
