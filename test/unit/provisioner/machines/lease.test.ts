import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { reserveAddresses } from "../../../../provisioner/addresses/reserve.ts";
import { bindAddress, releaseAddress } from "../../../../provisioner/addresses/transitions.ts";
import { findLease } from "../../../../provisioner/machines/lease.ts";
import { createNetwork, readNetwork } from "../../../../provisioner/networks/networks.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { ownerOf, SetClock, specOf } from "../../../support/networks.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("what was reserved is found, what was released is not", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const clock = new SetClock();
  await createNetwork(store, clock, specOf());
  const { network } = await readNetwork(store, "web");
  const find = () => findLease(store, network, ownerOf(1));
  expect(await find()).toBeUndefined();

  const [lease] = await reserveAddresses(store, clock, "web", [{ owner: ownerOf(1) }]);
  expect(await find()).toEqual(lease);
  if (lease === undefined) throw new Error("no lease");
  const bound = await bindAddress(store, clock, lease);
  expect(await find()).toEqual(bound);
  await releaseAddress(store, clock, bound);

  expect(await find()).toBeUndefined();
});
