import { isIP } from "node:net";
import { UsageError } from "../../core/runtime/errors.ts";
import {
  type Cidr,
  canonicalCidr,
  type Ipv4,
  parseCidr,
  parseIpv4,
  type Range,
  rangeOf,
  renderCidr,
} from "./ipv4.ts";
import type { NetworkSpec } from "./network.ts";
import { usableRanges } from "./network.ts";
import { contains, mergeRanges, overlap, parseRange, sizeOf } from "./ranges.ts";

/** What an operator writes. */
export interface SpecText {
  readonly name: string;
  readonly vlan: string;
  readonly cidr: string;
  readonly gateway?: string | undefined;
  readonly dns?: readonly string[] | undefined;
  /** Each `ADDRESS`, `ADDRESS-ADDRESS` or `CIDR`. */
  readonly exclude?: readonly string[] | undefined;
  readonly quarantineSeconds: number;
}

/** Longer than the caches of a network remember whose an address was. */
export const DEFAULT_QUARANTINE_SECONDS = 600;
const MIN_PREFIX_LENGTH = 8;
/** A /31 has neither network nor broadcast address (RFC 3021), and no room for a gateway and a container. */
const MAX_PREFIX_LENGTH = 30;

/** Not for machines of a network (RFC 6890): this network, loopback, link local, multicast and beyond. */
const RESERVED: readonly Range[] = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"]
  .map(parseRange)
  .filter((range) => range !== undefined);

/** Throws UsageError naming the option that is wrong. */
export function parseSpec(text: SpecText): NetworkSpec {
  const cidr = parseNetworkCidr(text.cidr);
  const spec: NetworkSpec = {
    name: parseName(text.name),
    vlan: parseVlan(text.vlan),
    cidr,
    gateway: text.gateway === undefined ? undefined : parseGateway(text.gateway, cidr),
    dns: (text.dns ?? []).map(parseDns),
    exclude: mergeRanges((text.exclude ?? []).map((each) => parseExclusion(each, cidr))),
    quarantineSeconds: parseQuarantine(text.quarantineSeconds),
  };
  if (sizeOf(usableRanges(spec)) === 0) refuse("--exclude", "nothing of the network is left");
  return spec;
}

function parseName(text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  return refuse(
    "NAME",
    `${quote(text)}: small letters, digits and dashes, 63 at most, no dash at either end`,
  );
}

function parseVlan(text: string): number {
  const vlan = /^[1-9]\d*$/.test(text) ? Number(text) : 0;
  return vlan >= 1 && vlan <= 4094 ? vlan : refuse("--vlan", `${quote(text)} is not 1 to 4094`);
}

function parseNetworkCidr(text: string): Cidr {
  if (text.includes(":")) refuse("--cidr", "IPv6 networks are not supported yet");
  const cidr = parseCidr(text);
  if (cidr === undefined)
    return refuse("--cidr", `${quote(text)} is not an IPv4 network`, "write 10.0.0.0/24");
  const canonical = canonicalCidr(cidr);
  if (cidr.network !== canonical.network)
    refuse("--cidr", `${text} is an address in a network`, `the network is ${renderCidr(canonical)}`);
  if (cidr.prefixLength < MIN_PREFIX_LENGTH || cidr.prefixLength > MAX_PREFIX_LENGTH)
    refuse("--cidr", `${text}: from /${MIN_PREFIX_LENGTH} to /${MAX_PREFIX_LENGTH}`);
  if (RESERVED.some((range) => overlap(range, rangeOf(cidr))))
    refuse("--cidr", `${text} is not for the machines of a network (RFC 6890)`);
  return cidr;
}

function parseGateway(text: string, cidr: Cidr): Ipv4 {
  const gateway = parseIpv4(text);
  if (gateway === undefined) return refuse("--gateway", `${quote(text)} is not an IPv4 address`);
  const { first, last } = rangeOf(cidr);
  if (gateway <= first || gateway >= last)
    refuse("--gateway", `${text} is not the address of a machine in ${renderCidr(cidr)}`);
  return gateway;
}

function parseDns(text: string): string {
  const isAddress = parseIpv4(text) !== undefined || isIP(text) === 6;
  return isAddress ? text : refuse("--dns", `${quote(text)} is not an IP address`);
}

function parseExclusion(text: string, cidr: Cidr): Range {
  const range = parseRange(text);
  if (range === undefined)
    return refuse(
      "--exclude",
      `${quote(text)} is not a range`,
      "write 10.0.0.7, 10.0.0.7-10.0.0.9 or 10.0.0.16/28",
    );
  const whole = rangeOf(cidr);
  if (!contains(whole, range.first) || !contains(whole, range.last))
    refuse("--exclude", `${text} is not inside ${renderCidr(cidr)}`);
  return range;
}

function parseQuarantine(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= 604_800) return seconds;
  return refuse("--quarantine", "whole seconds, 7d at most");
}

function refuse(option: string, why: string, hint?: string): never {
  throw new UsageError(`${option}: ${why}`, hint === undefined ? {} : { hint });
}

function quote(text: string): string {
  return JSON.stringify(text);
}
