import fc from "fast-check";
import { expect, test } from "vitest";
import {
  canonicalCidr,
  ipv4Bytes,
  parseCidr,
  parseIpv4,
  rangeOf,
  renderCidr,
  renderIpv4,
} from "../../../../provisioner/networks/ipv4.ts";

const address = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("an address is its text, and its bytes", () => {
  fc.assert(
    fc.property(address, (number) => {
      expect(parseIpv4(renderIpv4(number))).toBe(number);
      expect(ipv4Bytes(number).join(".")).toBe(renderIpv4(number));
    }),
  );
  expect(parseIpv4("255.255.255.255")).toBe(2 ** 32 - 1);
});

test.for([
  ...["", "10", "10.0.0", "10.0.0.0.0", "10.0.0.256", "10.0.0.-1", "10.0.0.1 ", " 10.0.0.1", "10.0.0.1e1"],
  ...["010.0.0.1", "10.0.0.01", "0x0a.0.0.1", "10.0.0.", "10..0.1", "::1", "١0.0.0.1", "10.0.0.1/24"],
])("%j is no address", (text) => {
  expect(parseIpv4(text)).toBeUndefined();
});

test.for([
  "10.0.0.0",
  "10.0.0.0/",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0.0/-1",
  "010.0.0.0/8",
  "/8",
  "fd00::/8",
])("%j is no network", (text) => {
  expect(parseCidr(text)).toBeUndefined();
});

test("a network has the addresses that begin with its prefix", () => {
  fc.assert(
    fc.property(address, fc.integer({ min: 0, max: 32 }), (network, prefixLength) => {
      const cidr = canonicalCidr({ network, prefixLength });
      const { first, last } = rangeOf(cidr);

      expect(first <= network && network <= last).toBe(true);
      expect(last - first + 1).toBe(2 ** (32 - prefixLength));
      expect(canonicalCidr({ network: last, prefixLength })).toEqual(cidr);
      expect(parseCidr(renderCidr(cidr))).toEqual(cidr);
    }),
  );
});
