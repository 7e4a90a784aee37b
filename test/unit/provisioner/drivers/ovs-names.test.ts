import { expect, test } from "vitest";
import { requireDeviceName, requireMac, requireVlan } from "../../../../provisioner/drivers/ovs-names.ts";

test("names of devices: at most 15 bytes, safe as an argument of a command", () => {
  for (const name of ["c1", "br0", "pl-0a_1.x", "a".repeat(15)])
    expect(() => requireDeviceName(name)).not.toThrow();
  for (const name of ["", "a".repeat(16), "-c1", ".", "..", "a b", "a/b", "é", "a\nlink delete dev b"]) {
    expect(() => requireDeviceName(name)).toThrow(`${JSON.stringify(name)} is not a device name`);
  }
});

test("VLANs are 1 to 4094", () => {
  for (const vlan of [1, 100, 4094]) expect(() => requireVlan(vlan)).not.toThrow();
  for (const vlan of [0, 4095, -1, 1.5, Number.NaN])
    expect(() => requireVlan(vlan)).toThrow(`${vlan} is not a VLAN`);
});

test("MAC addresses are unicast and in lower case", () => {
  expect(() => requireMac("02:00:0a:0a:00:01")).not.toThrow();
  for (const mac of ["", "02:00:0A:0A:00:01", "03:00:0a:0a:00:01", "ff:ff:ff:ff:ff:ff", "02:00:0a:0a:00"]) {
    expect(() => requireMac(mac)).toThrow("is not a unicast MAC address");
  }
});
