import { renderIpv4 } from "../networks/ipv4.ts";
import { type Network, usableRanges } from "../networks/network.ts";
import { contains } from "../networks/ranges.ts";
import type { Store } from "../store/types.ts";
import { isFree, isHeld } from "./choose.ts";
import {
  addressPrefix,
  decodeHolding,
  decodeRow,
  type Holding,
  ownerPrefix,
  poolPrefix,
} from "./documents.ts";
import type { AddressRow, AddressState } from "./types.ts";

/** Everything under a network, as it stood at one moment. */
export interface Pool {
  /** In the order of their addresses. */
  readonly rows: readonly AddressRow[];
  readonly holdings: readonly Holding[];
}

export async function readPool(store: Store, network: string): Promise<Pool> {
  const { entries } = await store.list(poolPrefix(network));
  const under = (prefix: string): typeof entries => entries.filter(({ key }) => key.startsWith(prefix));
  return {
    rows: under(addressPrefix(network))
      .map((entry) => decodeRow(store, entry))
      .sort((a, b) => a.address - b.address),
    holdings: under(ownerPrefix(network)).map((entry) => decodeHolding(store, entry)),
  };
}

/** What contradicts itself in a pool, one line each: nothing, unless somebody wrote into the store by hand. */
export function auditPool(network: Network, { rows, holdings }: Pool): readonly string[] {
  const usable = usableRanges(network);
  const held = rows.filter(isHeld);
  const owners = held.map(({ owner }) => owner);
  const matches = (row: AddressRow, { owner, address, generation }: Holding): boolean =>
    row.owner === owner && row.address === address && row.generation === generation;
  return [
    ...held
      .filter((row) => owners.indexOf(row.owner) !== held.indexOf(row))
      .map((row) => `${renderIpv4(row.address)}: its owner ${row.owner} holds another address`),
    ...held
      .filter((row) => !holdings.some((holding) => matches(row, holding)))
      .map((row) => `${renderIpv4(row.address)}: ${row.state}, but its owner's document does not say so`),
    ...holdings
      .filter((holding) => !held.some((row) => matches(row, holding)))
      .map(({ owner, address }) => `${renderIpv4(address)}: not held by ${owner}, whose document says so`),
    ...rows
      .filter(({ address }) => !usable.some((range) => contains(range, address)))
      .map(({ address }) => `${renderIpv4(address)}: not an address to hand out`),
  ];
}

/** Held by an owner that does not exist: found by who knows the owners, freed by nobody but `release`. */
export function findLeaks({ rows }: Pool, owners: ReadonlySet<string>): readonly AddressRow[] {
  return rows.filter((row) => isHeld(row) && !owners.has(row.owner));
}

export type Counts = Readonly<Record<AddressState | "free", number>>;

/** Every address of the network in one of them. */
export function countPool(network: Network, usable: number, { rows }: Pool, nowMs: number): Counts {
  const resting = rows.filter((row) => !isFree(network, row, nowMs));
  const inState = (state: AddressState): number => resting.filter((row) => row.state === state).length;
  return {
    free: usable - resting.length,
    reserved: inState("reserved"),
    bound: inState("bound"),
    quarantine: inState("quarantine"),
    conflict: inState("conflict"),
  };
}
