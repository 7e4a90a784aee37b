import fc from "fast-check";
import { expect, test } from "vitest";
import { parseIpv4, type Range } from "../../../../provisioner/networks/ipv4.ts";
import {
  addressAt,
  contains,
  gapsIn,
  mergeRanges,
  overlap,
  parseRange,
  type Ranges,
  renderRange,
  sizeOf,
} from "../../../../provisioner/networks/ranges.ts";

const range = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 8 }))
  .map(([first, more]) => ({ first, last: first + more }));

/** What ranges mean, address by address. */
function members(ranges: Iterable<Range>): Set<number> {
  return new Set(
    [...ranges].flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
  );
}

function isCanonical(ranges: Ranges): boolean {
  return ranges.every(({ first, last }, i) => first <= last && first > (ranges[i - 1]?.last ?? -2) + 1);
}

test("merged ranges have the same addresses, written in one way", () => {
  fc.assert(
    fc.property(fc.array(range), (ranges) => {
      const merged = mergeRanges(ranges);

      expect(members(merged)).toEqual(members(ranges));
      expect(isCanonical(merged)).toBe(true);
      expect(sizeOf(merged)).toBe(members(ranges).size);
    }),
  );
});

test("gaps are what the ranges leave, and each address of them has its number", () => {
  fc.assert(
    fc.property(range, fc.array(range), (whole, ranges) => {
      const gaps = gapsIn(whole, mergeRanges(ranges));
      const left = [...members([whole])].filter((address) => !members(ranges).has(address));

      expect(isCanonical(gaps)).toBe(true);
      expect(left.map((_, i) => addressAt(gaps, i))).toEqual(left);
      expect(addressAt(gaps, left.length)).toBeUndefined();
    }),
  );
});

test("two ranges overlap when one address is in both", () => {
  fc.assert(
    fc.property(range, range, (a, b) => {
      expect(overlap(a, b)).toBe([...members([a])].some((address) => contains(b, address)));
    }),
  );
});

test.for([
  ["10.0.0.7", "10.0.0.7"],
  ["10.0.0.7-10.0.0.9", "10.0.0.7-10.0.0.9"],
  ["10.0.0.7-10.0.0.7", "10.0.0.7"],
  ["10.0.0.16/28", "10.0.0.16-10.0.0.31"],
] as const)("%s is %s", ([text, rendered]) => {
  const parsed = parseRange(text);

  expect(parsed && renderRange(parsed)).toBe(rendered);
});

test.for([
  "",
  "-",
  "10.0.0.9-10.0.0.7",
  "10.0.0.7-",
  "10.0.0.7-8",
  "10.0.0.1-10.0.0.2-10.0.0.3",
  "10.0.0.1/33",
  "010.0.0.1",
])("%j is no range", (text) => {
  expect(parseRange(text)).toBeUndefined();
});

test("the range of everything", () => {
  expect(parseRange("0.0.0.0/0")).toEqual({ first: 0, last: parseIpv4("255.255.255.255") });
});
