import { PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import { type Ipv4, rangeOf, renderIpv4 } from "../networks/ipv4.ts";
import { type Network, single, usableRanges } from "../networks/network.ts";
import { addressAt, contains, gapsIn, mergeRanges, type Ranges, sizeOf } from "../networks/ranges.ts";
import type { AddressRow, Claim } from "./types.ts";

/** 0 ≤ value < 1, as Math.random. */
export type Random = () => number;

/** What a claim found: the row that its owner holds already, or the row to write. */
export interface Choice {
  readonly row: AddressRow;
  readonly isNew: boolean;
}

/**
 * Answers every claim or throws. An owner that holds an address gets it again, whatever became of
 * the answer last time. The others get the wanted address, or one at random out of those unused
 * for longest: random, so that many at once seldom want the same; longest, so that caches forget.
 */
export function chooseAddresses(
  network: Network,
  rows: readonly AddressRow[],
  claims: readonly Claim[],
  nowMs: number,
  random: Random,
): readonly Choice[] {
  refuseTwice(claims);
  const held = new Map(rows.filter(isHeld).map((row) => [row.owner, row]));
  const known = new Map(rows.map((row) => [row.address, row]));
  const open = claims.filter(({ owner }) => !held.has(owner));
  const wanted = open.flatMap(({ address }) => (address === undefined ? [] : [address]));
  for (const address of wanted) refuseUnfit(network, address, known.get(address), nowMs);
  const drawn = drawAddresses(network, rows, wanted, open.length - wanted.length, nowMs, random);
  return claims.map(({ owner, address }) => {
    const own = held.get(owner);
    if (own !== undefined) return { row: sameAddress(network, own, address), isNew: false };
    const chosen = address ?? drawn.pop() ?? Number.NaN; // as many are drawn as are left here
    const generation = (known.get(chosen)?.generation ?? 0) + 1;
    return { row: { address: chosen, state: "reserved", owner, generation, sinceMs: nowMs }, isNew: true };
  });
}

/** A wanted address is one that may be handed out now; throws saying why not. */
function refuseUnfit(network: Network, address: Ipv4, row: AddressRow | undefined, nowMs: number): void {
  const text = renderIpv4(address);
  const usable = usableRanges(network).some((range) => contains(range, address));
  if (!usable) {
    const inside = contains(rangeOf(network.cidr), address);
    throw new UsageError(
      `address ${text}: ${inside ? "kept back in" : "not inside"} network ${network.name}`,
    );
  }
  if (row === undefined || isFree(network, row, nowMs)) return;
  const why: Readonly<Record<AddressRow["state"], string>> = {
    reserved: `held by ${row.owner}`,
    bound: `held by ${row.owner}`,
    quarantine: `in quarantine until ${new Date(freeAtMs(network, row)).toISOString()}`,
    conflict: `in conflict with ${row.detail ?? "a stranger"}`,
  };
  throw new PlimsollError("ADDRESS_TAKEN", `address ${text}: ${why[row.state]} in network ${network.name}`);
}

function sameAddress(network: Network, row: AddressRow, wanted: Ipv4 | undefined): AddressRow {
  if (wanted === undefined || wanted === row.address) return row;
  throw new PlimsollError(
    "ADDRESS_PERMANENT",
    `address ${renderIpv4(wanted)}: ${row.owner} holds ${renderIpv4(row.address)} in network ${network.name} until it is destroyed`,
  );
}

function drawAddresses(
  network: Network,
  rows: readonly AddressRow[],
  taken: readonly Ipv4[],
  count: number,
  nowMs: number,
  random: Random,
): Ipv4[] {
  if (count === 0) return [];
  const unused = unusedRanges(network, rows, taken);
  const rested = restedAddresses(network, rows, nowMs).filter((address) => !taken.includes(address));
  const unusedCount = sizeOf(unused);
  const free = unusedCount + rested.length;
  if (count > free) throw noAddress(network, rows, count, free, nowMs);
  // Those never used are all equally old: when they are more than a third, any of them will do.
  const oldest = Math.max(unusedCount, Math.ceil(free / 3), count);
  return drawDistinct(count, oldest, random).map(
    (index) => addressAt(unused, index) ?? rested[index - unusedCount] ?? Number.NaN,
  );
}

function unusedRanges(network: Network, rows: readonly AddressRow[], taken: readonly Ipv4[]): Ranges {
  const used = mergeRanges([...rows.map(({ address }) => address), ...taken].map(single));
  return usableRanges(network).flatMap((range) => gapsIn(range, used));
}

/** Those whose quarantine is over, released longest ago first. */
function restedAddresses(network: Network, rows: readonly AddressRow[], nowMs: number): readonly Ipv4[] {
  const usable = usableRanges(network);
  return rows
    .filter((row) => isFree(network, row, nowMs) && usable.some((range) => contains(range, row.address)))
    .sort((a, b) => a.sinceMs - b.sinceMs || a.address - b.address)
    .map(({ address }) => address);
}

function drawDistinct(count: number, size: number, random: Random): readonly number[] {
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(Math.floor(random() * size));
  return [...drawn];
}

export function isHeld({ state }: AddressRow): boolean {
  return state === "reserved" || state === "bound";
}

export function freeAtMs(network: Network, { sinceMs }: AddressRow): number {
  return sinceMs + network.quarantineSeconds * 1000;
}

export function isFree(network: Network, row: AddressRow, nowMs: number): boolean {
  return row.state === "quarantine" && freeAtMs(network, row) <= nowMs;
}

function refuseTwice(claims: readonly Claim[]): void {
  const wanted = claims.flatMap(({ address }) => (address === undefined ? [] : [address]));
  const [twice] = [
    claims.map(({ owner }) => owner).find(isRepeated),
    wanted.map(renderIpv4).find(isRepeated),
  ].filter((each) => each !== undefined);
  if (twice !== undefined) throw new UsageError(`${twice}: named twice in one request`);
}

function isRepeated(value: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(value) !== index;
}

function noAddress(
  network: Network,
  rows: readonly AddressRow[],
  count: number,
  free: number,
  nowMs: number,
): PlimsollError {
  const resting = rows.filter((row) => row.state === "quarantine" && !isFree(network, row, nowMs));
  const next = Math.min(...resting.map((row) => freeAtMs(network, row)));
  return new PlimsollError(
    "NO_ADDRESS",
    `network ${network.name}: ${count} ${count === 1 ? "address" : "addresses"} wanted, ${free} free`,
    resting.length === 0
      ? {}
      : { hint: `${resting.length} in quarantine, the next is free at ${new Date(next).toISOString()}` },
  );
}
