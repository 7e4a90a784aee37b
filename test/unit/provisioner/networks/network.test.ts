import { expect, test } from "vitest";
import { renderIpv4 } from "../../../../provisioner/networks/ipv4.ts";
import { differences, renderNetwork, usableRanges } from "../../../../provisioner/networks/network.ts";
import { renderRange } from "../../../../provisioner/networks/ranges.ts";
import { specOf } from "../../../support/networks.ts";

test("usable is neither network, broadcast, gateway nor excluded", () => {
  const spec = specOf({ gateway: "10.0.0.1", exclude: ["10.0.0.100", "10.0.0.0/29", "10.0.0.254"] });

  expect(usableRanges(spec).map(renderRange)).toEqual(["10.0.0.8-10.0.0.99", "10.0.0.101-10.0.0.253"]);
});

test("without gateway and exclusions all but two are usable", () => {
  expect(usableRanges(specOf({ cidr: "10.0.0.0/30" })).map(({ first }) => renderIpv4(first))).toEqual([
    "10.0.0.1",
  ]);
});

test("a spec as text has each field in its one way", () => {
  expect(renderNetwork(specOf({ dns: ["10.0.0.2", "fd00::1"], exclude: ["10.0.0.9", "10.0.0.8"] }))).toEqual({
    vlan: 100,
    cidr: "10.0.0.0/24",
    gateway: undefined,
    dns: ["10.0.0.2", "fd00::1"],
    exclude: ["10.0.0.8-10.0.0.9"],
    quarantineSeconds: 600,
  });
});

test("differences are named, ways of writing are none", () => {
  const spec = specOf({ exclude: ["10.0.0.8-10.0.0.9"], gateway: "10.0.0.1" });

  expect(differences(spec, specOf({ exclude: ["10.0.0.9", "10.0.0.8"], gateway: "10.0.0.1" }))).toEqual([]);
  expect(differences(spec, specOf({ vlan: "101" }))).toEqual([
    "vlan 100 (wanted 101)",
    "gateway 10.0.0.1 (wanted none)",
    "exclude 10.0.0.8-10.0.0.9 (wanted none)",
  ]);
});
