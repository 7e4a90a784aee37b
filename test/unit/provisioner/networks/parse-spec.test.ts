import { expect, test } from "vitest";
import { UsageError } from "../../../../core/runtime/errors.ts";
import type { SpecText } from "../../../../provisioner/networks/parse-spec.ts";
import { specOf } from "../../../support/networks.ts";

test.for<Partial<SpecText>>([
  { name: "a" },
  { name: "web-2" },
  { vlan: "1" },
  { vlan: "4094" },
  { cidr: "10.0.0.0/8" },
  { cidr: "100.64.0.0/30", gateway: "100.64.0.1" },
  { gateway: "10.0.0.254" },
  { dns: ["1.1.1.1", "2606:4700::1111"] },
  { exclude: ["10.0.0.0/25", "10.0.0.255"] },
  { quarantineSeconds: 0 },
])("%j is accepted", (changes) => {
  expect(() => specOf(changes)).not.toThrow();
});

test.for<[Partial<SpecText>, string]>([
  [{ name: "" }, "NAME"],
  [{ name: "Web" }, "NAME"],
  [{ name: "a/b" }, "NAME"],
  [{ name: "-a" }, "NAME"],
  [{ name: "a".repeat(64) }, "NAME"],
  [{ vlan: "0" }, "--vlan"],
  [{ vlan: "4095" }, "--vlan"],
  [{ vlan: "010" }, "--vlan"],
  [{ vlan: "1e2" }, "--vlan"],
  [{ cidr: "10.0.0.5/24" }, "--cidr: 10.0.0.5/24 is an address in a network"],
  [{ cidr: "010.0.0.0/24" }, "--cidr"],
  [{ cidr: "10.0.0.0/31" }, "--cidr: 10.0.0.0/31: from /8 to /30"],
  [{ cidr: "0.0.0.0/0" }, "--cidr"],
  [{ cidr: "127.0.0.0/24" }, "--cidr: 127.0.0.0/24 is not for the machines of a network (RFC 6890)"],
  [{ cidr: "224.0.0.0/24" }, "--cidr"],
  [{ cidr: "fd00::/64" }, "--cidr: IPv6 networks are not supported yet"],
  [{ gateway: "10.0.1.1" }, "--gateway: 10.0.1.1 is not the address of a machine in 10.0.0.0/24"],
  [{ gateway: "10.0.0.0" }, "--gateway"],
  [{ gateway: "10.0.0.255" }, "--gateway"],
  [{ gateway: "10.0.0.010" }, "--gateway"],
  [{ dns: ["10.0.0.1", "dns.example"] }, "--dns"],
  [{ dns: ["10.0.0.01"] }, "--dns"],
  [{ exclude: ["10.0.0.250-10.0.1.5"] }, "--exclude: 10.0.0.250-10.0.1.5 is not inside 10.0.0.0/24"],
  [{ exclude: ["10.0.0.9-10.0.0.8"] }, "--exclude"],
  [{ exclude: ["10.0.0.0/24"] }, "--exclude: nothing of the network is left"],
  [{ quarantineSeconds: 0.5 }, "--quarantine"],
  [{ quarantineSeconds: -1 }, "--quarantine"],
  [{ quarantineSeconds: 604_801 }, "--quarantine"],
])("%j is refused: %s", ([changes, message]) => {
  expect(() => specOf(changes)).toThrow(UsageError);
  expect(() => specOf(changes)).toThrow(message);
});
