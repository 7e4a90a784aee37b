import type { Ipv4 } from "../networks/ipv4.ts";

/**
 *   (never used) → reserved → bound → quarantine → (after its time) reserved …
 *                      └→ conflict → quarantine
 *
 * reserved: its owner is being made · bound: its owner lives · quarantine: it rests, then is free ·
 * conflict: a stranger answered to it, so that it is nobody's until the operator says otherwise.
 */
export type AddressState = "reserved" | "bound" | "quarantine" | "conflict";

/** Everything the store knows of one address. There is no row for one that was never used. */
export interface AddressRow {
  readonly address: Ipv4;
  readonly state: AddressState;
  /** The immutable uuid of who holds it, or held it last. Never a name, never a container's id. */
  readonly owner: string;
  /** How many times it has been reserved: what an owner does with it names the one that is meant. */
  readonly generation: number;
  /** Wall clock at which this state began. */
  readonly sinceMs: number;
  /** Of a conflict: who answered. */
  readonly detail?: string | undefined;
}

/** An address, and the one time of being reserved, that belong to an owner until the owner releases it. */
export interface Lease {
  readonly network: string;
  readonly address: string;
  readonly mac: string;
  readonly owner: string;
  readonly generation: number;
  readonly state: "reserved" | "bound";
}

/** Who wants an address of a network; `address` where it must be that one. */
export interface Claim {
  readonly owner: string;
  readonly address?: Ipv4 | undefined;
}
