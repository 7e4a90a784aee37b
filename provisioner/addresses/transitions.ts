import type { Clock } from "../../core/runtime/clock.ts";
import { bug, NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import { type Ipv4, parseIpv4, renderIpv4 } from "../networks/ipv4.ts";
import { readNetwork } from "../networks/networks.ts";
import { CONFLICT, retryConflicts } from "../store/optimistic.ts";
import type { Store } from "../store/types.ts";
import { isHeld } from "./choose.ts";
import { addressKey, decodeRow, encodeRow, ownerKey } from "./documents.ts";
import type { AddressRow, Lease } from "./types.ts";

/** The lease's owner lives. Throws when that owner and generation do not hold the address. */
export async function bindAddress(store: Store, clock: Clock, lease: Lease): Promise<Lease> {
  await updateRow(store, clock, lease.network, addressOf(lease), (row) => {
    if (!isHeldBy(row, lease)) throw notHeld(lease, row);
    return row.state === "bound" ? undefined : { ...row, state: "bound", sinceMs: clock.nowMs() };
  });
  return { ...lease, state: "bound" };
}

/**
 * The lease's owner is destroyed: the one way in which an address leaves its owner. False where that
 * owner and generation hold it no more: a destroy that is tried again finds nothing to do.
 */
export function releaseAddress(store: Store, clock: Clock, lease: Lease): Promise<boolean> {
  return updateRow(store, clock, lease.network, addressOf(lease), (row) =>
    isHeldBy(row, lease) ? { ...row, state: "quarantine", sinceMs: clock.nowMs() } : undefined,
  );
}

/**
 * A stranger, `detail`, answered to an address before it was bound: nobody gets it any more, and its
 * owner may reserve again. One that is bound already stays: its owner is not readdressed, but helped.
 */
export async function reportConflict(
  store: Store,
  clock: Clock,
  lease: Lease,
  detail: string,
): Promise<void> {
  await updateRow(store, clock, lease.network, addressOf(lease), (row) => {
    if (row?.state === "conflict" && isOf(row, lease)) return undefined;
    if (!isHeldBy(row, lease) || row.state === "bound") throw notHeld(lease, row);
    return { ...row, state: "conflict", sinceMs: clock.nowMs(), detail };
  });
}

/** The stranger is gone: the address rests, then is free. */
export async function clearConflict(
  store: Store,
  clock: Clock,
  network: string,
  address: Ipv4,
): Promise<void> {
  await readNetwork(store, network);
  await updateRow(store, clock, network, address, (row) => {
    if (row?.state !== "conflict")
      throw new NotFoundError(`address ${renderIpv4(address)}: not in conflict in network ${network}`);
    return { ...row, state: "quarantine", sinceMs: clock.nowMs(), detail: undefined };
  });
}

/** Writes what `change` makes of the row as it stands, with its owner's document; false if it makes nothing of it. */
function updateRow(
  store: Store,
  clock: Clock,
  network: string,
  address: Ipv4,
  change: (row: AddressRow | undefined) => AddressRow | undefined,
): Promise<boolean> {
  const key = addressKey(network, address);
  return retryConflicts(`address ${renderIpv4(address)}`, clock, async () => {
    const entry = await store.get(key);
    const row = entry === undefined ? undefined : decodeRow(store, entry);
    const changed = change(row);
    if (entry === undefined || row === undefined || changed === undefined) return false;
    const revision = await store.transact({
      expect: [{ key, revision: entry.revision }],
      put: [{ key, value: encodeRow(changed) }],
      remove: isHeld(row) && !isHeld(changed) ? [ownerKey(network, row.owner)] : [],
    });
    return revision === undefined ? CONFLICT : true;
  });
}

function addressOf({ address }: Lease): Ipv4 {
  return parseIpv4(address) ?? bug(`a lease of ${address}`);
}

function isOf(row: AddressRow, { owner, generation }: Lease): boolean {
  return row.owner === owner && row.generation === generation;
}

function isHeldBy(row: AddressRow | undefined, lease: Lease): row is AddressRow {
  return row !== undefined && isHeld(row) && isOf(row, lease);
}

function notHeld({ address, owner, generation }: Lease, row: AddressRow | undefined): PlimsollError {
  const is = row === undefined ? "unknown" : `${row.state}, ${row.owner} generation ${row.generation}`;
  return new PlimsollError(
    "ADDRESS_STALE",
    `address ${address}: not for ${owner} generation ${generation} to change: it is ${is}`,
  );
}
