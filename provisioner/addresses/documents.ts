/*
 * pools/web/addresses/10.0.0.7  {"state":"bound","owner":"6f1c…","generation":3,"sinceMs":1700000000000}
 * pools/web/owners/6f1c…        {"address":"10.0.0.7","generation":3}
 *
 * The second is there as long as the first is reserved or bound, changes with it in one transaction,
 * and is what makes an owner's second claim, at the same time on another host, fail.
 */
import { type Ipv4, parseIpv4, renderIpv4 } from "../networks/ipv4.ts";
import { damaged, Fields } from "../store/documents.ts";
import type { Entry, Store } from "../store/types.ts";
import type { AddressRow } from "./types.ts";

const STATES = ["reserved", "bound", "quarantine", "conflict"] as const;

/** Everything of a network but the network itself. */
export function poolPrefix(network: string): string {
  return `pools/${network}/`;
}

export function addressPrefix(network: string): string {
  return `${poolPrefix(network)}addresses/`;
}

export function addressKey(network: string, address: Ipv4): string {
  return addressPrefix(network) + renderIpv4(address);
}

export function ownerPrefix(network: string): string {
  return `${poolPrefix(network)}owners/`;
}

export function ownerKey(network: string, owner: string): string {
  return ownerPrefix(network) + owner;
}

export function encodeRow({ address: _, ...row }: AddressRow): object {
  return row;
}

export function decodeRow(store: Store, entry: Entry): AddressRow {
  const fields = new Fields(store, entry);
  const text = entry.key.slice(entry.key.lastIndexOf("/") + 1);
  const address = parseIpv4(text);
  if (address === undefined)
    throw damaged(store.name, entry.key, `${JSON.stringify(text)} is not an address`);
  return {
    address,
    state: fields.choice("state", STATES),
    owner: fields.text("owner"),
    generation: fields.integer("generation", 1),
    sinceMs: fields.integer("sinceMs", 0),
    detail: fields.optionalText("detail"),
  };
}

/** What an owner's document says it holds. */
export interface Holding {
  readonly owner: string;
  readonly address: Ipv4;
  readonly generation: number;
}

export function encodeHolding({ address, generation }: AddressRow): object {
  return { address: renderIpv4(address), generation };
}

export function decodeHolding(store: Store, entry: Entry): Holding {
  const fields = new Fields(store, entry);
  return {
    owner: entry.key.slice(entry.key.lastIndexOf("/") + 1),
    address: fields.parsed("address", "an IPv4 address", parseIpv4),
    generation: fields.integer("generation", 1),
  };
}
