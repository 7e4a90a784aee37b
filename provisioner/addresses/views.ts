import { renderIpv4 } from "../networks/ipv4.ts";
import { type Network, renderNetwork, usableRanges } from "../networks/network.ts";
import { sizeOf } from "../networks/ranges.ts";
import { auditPool, type Counts, countPool, type Pool } from "./audit.ts";
import { freeAtMs, isFree } from "./choose.ts";
import { macOf } from "./mac.ts";
import type { AddressRow, AddressState } from "./types.ts";

/** What a person or a script is shown of a network: times in ISO 8601, absence as null. */
export interface NetworkView {
  readonly name: string;
  readonly vlan: number;
  readonly cidr: string;
  readonly gateway: string | null;
  readonly dns: readonly string[];
  readonly exclude: readonly string[];
  readonly quarantineSeconds: number;
  readonly state: Network["state"];
  readonly created: string;
}

export function viewNetwork(network: Network): NetworkView {
  const text = renderNetwork(network);
  return {
    name: network.name,
    ...text,
    gateway: text.gateway ?? null,
    state: network.state,
    created: isoTime(network.createdMs),
  };
}

export interface PoolView extends NetworkView {
  readonly addresses: Counts & { readonly total: number };
  /** What contradicts itself, one line each. */
  readonly problems: readonly string[];
}

export function viewPool(network: Network, pool: Pool, nowMs: number): PoolView {
  const total = sizeOf(usableRanges(network));
  return {
    ...viewNetwork(network),
    addresses: { total, ...countPool(network, total, pool, nowMs) },
    problems: auditPool(network, pool),
  };
}

export interface AddressView {
  readonly address: string;
  readonly mac: string;
  /** `free`: its quarantine is over. */
  readonly state: AddressState | "free";
  /** Who holds it, or held it last. */
  readonly owner: string;
  readonly generation: number;
  readonly since: string;
  /** When its quarantine ends. */
  readonly until: string | null;
  readonly detail: string | null;
}

export function viewAddress(network: Network, row: AddressRow, nowMs: number): AddressView {
  const isResting = row.state === "quarantine" && !isFree(network, row, nowMs);
  return {
    address: renderIpv4(row.address),
    mac: macOf(network.vlan, row.address),
    state: isFree(network, row, nowMs) ? "free" : row.state,
    owner: row.owner,
    generation: row.generation,
    since: isoTime(row.sinceMs),
    until: isResting ? isoTime(freeAtMs(network, row)) : null,
    detail: row.detail ?? null,
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
