import { addressKey, decodeHolding, decodeRow, ownerKey } from "../addresses/documents.ts";
import { macOf } from "../addresses/mac.ts";
import type { Lease } from "../addresses/types.ts";
import { renderIpv4 } from "../networks/ipv4.ts";
import type { Network } from "../networks/network.ts";
import type { Store } from "../store/types.ts";

/** The address that an owner holds in a network; undefined when it holds none. */
export async function findLease(store: Store, network: Network, owner: string): Promise<Lease | undefined> {
  const entry = await store.get(ownerKey(network.name, owner));
  if (entry === undefined) return undefined;
  const { address, generation } = decodeHolding(store, entry);
  const found = await store.get(addressKey(network.name, address));
  const state = found === undefined ? undefined : decodeRow(store, found).state;
  if (state !== "reserved" && state !== "bound") return undefined;
  const mac = macOf(network.vlan, address);
  return { network: network.name, address: renderIpv4(address), mac, owner, generation, state };
}
