import type { Clock } from "../../core/runtime/clock.ts";
import { bug, PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import { renderIpv4 } from "../networks/ipv4.ts";
import type { Network } from "../networks/network.ts";
import { type FoundNetwork, readNetwork } from "../networks/networks.ts";
import { CONFLICT, retryConflicts } from "../store/optimistic.ts";
import { MAX_OPERATIONS } from "../store/transaction.ts";
import type { Store } from "../store/types.ts";
import { chooseAddresses, type Random } from "./choose.ts";
import { addressKey, addressPrefix, decodeRow, encodeHolding, encodeRow, ownerKey } from "./documents.ts";
import { macOf } from "./mac.ts";
import type { AddressRow, Claim, Lease } from "./types.ts";

/** Two writes each in one transaction, which also expects the network to stand. */
export const MAX_CLAIMS: number = Math.floor((MAX_OPERATIONS - 1) / 2);

/**
 * Gives each owner an address of the network, the one it holds already if it does: together or not at
 * all, in the order of `claims`. Any number of processes on any number of hosts may do this on one
 * store at once, and each may end at any instruction:
 *
 *   I1  one row per address; it changes only from the revision that was read
 *   I2  an address leaves its owner only when that owner, of that generation, releases it
 *   I3  between two owners it rests for the network's quarantine, by the wall clocks of the hosts
 *   I4  an owner is an immutable uuid
 *   I5  the MAC follows from VLAN and address
 *   I6  several claims are one transaction
 */
export async function reserveAddresses(
  store: Store,
  clock: Clock,
  network: string,
  claims: readonly Claim[],
  random: Random = Math.random,
): Promise<readonly Lease[]> {
  if (claims.length > MAX_CLAIMS)
    throw new UsageError(`network ${network}: ${claims.length} addresses at once, ${MAX_CLAIMS} at most`);
  for (const { owner } of claims) refuseName(owner);
  return retryConflicts(`network ${network}`, clock, async () => {
    const found = await readNetwork(store, network);
    if (found.network.state !== "active")
      throw new PlimsollError("NETWORK_REMOVING", `network ${network}: being removed`);
    const { entries } = await store.list(addressPrefix(network));
    const rows = entries.map((entry) => decodeRow(store, entry));
    const choices = chooseAddresses(found.network, rows, claims, clock.nowMs(), random);
    const chosen = choices.filter(({ isNew }) => isNew).map(({ row }) => row);
    const revisions = new Map(entries.map(({ key, revision }) => [key, revision]));
    const isWritten = chosen.length === 0 || (await writeRows(store, found, chosen, revisions));
    return isWritten ? choices.map(({ row }) => leaseOf(found.network, row)) : CONFLICT;
  });
}

/** False when the network, a row or an owner is not what was read any more. */
async function writeRows(
  store: Store,
  { key, network, revision }: FoundNetwork,
  rows: readonly AddressRow[],
  revisions: ReadonlyMap<string, number>,
): Promise<boolean> {
  const addresses = rows.map((row) => ({
    key: addressKey(network.name, row.address),
    value: encodeRow(row),
  }));
  const owners = rows.map((row) => ({ key: ownerKey(network.name, row.owner), value: encodeHolding(row) }));
  const committed = await store.transact({
    expect: [
      { key, revision },
      ...addresses.map((each) => ({ key: each.key, revision: revisions.get(each.key) ?? 0 })),
      ...owners.map((each) => ({ key: each.key, revision: 0 })),
    ],
    put: [...addresses, ...owners],
  });
  return committed !== undefined;
}

function leaseOf(network: Network, { address, owner, generation, state }: AddressRow): Lease {
  if (state !== "reserved" && state !== "bound") bug(`a lease of an address in ${state}`);
  return {
    network: network.name,
    address: renderIpv4(address),
    mac: macOf(network.vlan, address),
    owner,
    generation,
    state,
  };
}

/** I4. */
function refuseName(owner: string): void {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(owner)) return;
  throw new UsageError(`owner ${JSON.stringify(owner)}: not a uuid in small letters`);
}
