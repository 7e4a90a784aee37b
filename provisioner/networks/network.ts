import type { Cidr, Ipv4, Range } from "./ipv4.ts";
import { rangeOf, renderCidr, renderIpv4 } from "./ipv4.ts";
import { gapsIn, mergeRanges, type Ranges, renderRange } from "./ranges.ts";

/** What an operator decides about a network. It does not change while the network exists. */
export interface NetworkSpec {
  readonly name: string;
  /** IEEE 802.1Q, 1 to 4094. */
  readonly vlan: number;
  readonly cidr: Cidr;
  /** Absent: containers have no route out of the network. */
  readonly gateway: Ipv4 | undefined;
  readonly dns: readonly string[];
  /** Never handed out; others' already. */
  readonly exclude: Ranges;
  /** How long an address rests between two owners, for caches of the network (ARP, switches) to forget the first. */
  readonly quarantineSeconds: number;
}

/** `removing`: no address is handed out any more; `net rm` will finish it, `net create` take it back. */
export interface Network extends NetworkSpec {
  readonly state: "active" | "removing";
  readonly createdMs: number;
}

/** Every address that may be handed out: neither the network's nor the broadcast address, gateway or exclusions. */
export function usableRanges({ cidr, gateway, exclude }: NetworkSpec): Ranges {
  const whole = rangeOf(cidr);
  const own = [whole.first, whole.last, ...(gateway === undefined ? [] : [gateway])];
  return gapsIn(whole, mergeRanges([...own.map(single), ...exclude]));
}

export function single(address: Ipv4): Range {
  return { first: address, last: address };
}

/** A spec as text, field by field: what is stored, shown, and compared. */
export interface NetworkText {
  readonly vlan: number;
  readonly cidr: string;
  readonly gateway: string | undefined;
  readonly dns: readonly string[];
  readonly exclude: readonly string[];
  readonly quarantineSeconds: number;
}

export function renderNetwork(spec: NetworkSpec): NetworkText {
  return {
    vlan: spec.vlan,
    cidr: renderCidr(spec.cidr),
    gateway: spec.gateway === undefined ? undefined : renderIpv4(spec.gateway),
    dns: spec.dns,
    exclude: spec.exclude.map(renderRange),
    quarantineSeconds: spec.quarantineSeconds,
  };
}

/** `vlan 100 (wanted 200)` for each field in which they differ. */
export function differences(existing: NetworkSpec, wanted: NetworkSpec): readonly string[] {
  const is = Object.entries(renderNetwork(existing));
  const shall: Readonly<Record<string, unknown>> = { ...renderNetwork(wanted) };
  const show = (value: unknown): string => String(value ?? "").replaceAll(",", " ") || "none";
  return is
    .filter(([field, value]) => show(value) !== show(shall[field]))
    .map(([field, value]) => `${field} ${show(value)} (wanted ${show(shall[field])})`);
}
