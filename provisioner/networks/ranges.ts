import { type Ipv4, parseCidr, parseIpv4, type Range, rangeOf, renderIpv4 } from "./ipv4.ts";

/** In rising order, with at least one address between each and the next. */
export type Ranges = readonly Range[];

/** `10.0.0.7`, `10.0.0.7-10.0.0.9` or `10.0.0.16/28`; undefined for anything else. */
export function parseRange(text: string): Range | undefined {
  const cidr = parseCidr(text);
  if (cidr !== undefined) return rangeOf(cidr);
  const [from = "", to = from, ...more] = text.split("-");
  const [first, last] = [parseIpv4(from), parseIpv4(to)];
  if (first === undefined || last === undefined || last < first || more.length > 0) return undefined;
  return { first, last };
}

export function renderRange({ first, last }: Range): string {
  return first === last ? renderIpv4(first) : `${renderIpv4(first)}-${renderIpv4(last)}`;
}

/** The addresses of any of them, in the one way to write them. */
export function mergeRanges(ranges: Iterable<Range>): Ranges {
  const merged: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const previous = merged.at(-1);
    if (previous === undefined || range.first > previous.last + 1) merged.push(range);
    else merged[merged.length - 1] = { first: previous.first, last: Math.max(previous.last, range.last) };
  }
  return merged;
}

/** The addresses of `whole` that are in none of `blocked`. */
export function gapsIn(whole: Range, blocked: Ranges): Ranges {
  const gaps: Range[] = [];
  let first = whole.first;
  for (const block of blocked) {
    if (block.first > first) gaps.push({ first, last: Math.min(block.first - 1, whole.last) });
    first = Math.max(first, block.last + 1);
    if (first > whole.last) return gaps;
  }
  return [...gaps, { first, last: whole.last }];
}

export function sizeOf(ranges: Ranges): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** The address number `index`, from 0; undefined beyond the last. */
export function addressAt(ranges: Ranges, index: number): Ipv4 | undefined {
  let left = index;
  for (const { first, last } of ranges) {
    if (left <= last - first) return first + left;
    left -= last - first + 1;
  }
  return undefined;
}

export function contains(range: Range, address: Ipv4): boolean {
  return range.first <= address && address <= range.last;
}

export function overlap(a: Range, b: Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}
