import fc from "fast-check";
import { expect, test } from "vitest";
import { macOf } from "../../../../provisioner/addresses/mac.ts";
import { parseIpv4 } from "../../../../provisioner/networks/ipv4.ts";

test.for([
  [100, "10.0.0.7", "02:64:0a:00:00:07"],
  [1, "192.168.1.254", "02:01:c0:a8:01:fe"],
  [4094, "10.255.255.1", "f2:fe:0a:ff:ff:01"],
] as const)("VLAN %i, %s: %s", ([vlan, address, mac]) => {
  expect(macOf(vlan, parseIpv4(address) ?? 0)).toBe(mac);
});

test("each address of each VLAN has its own, for one station, administered locally", () => {
  const place = fc.tuple(fc.integer({ min: 1, max: 4094 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  fc.assert(
    fc.property(place, place, (a, b) => {
      expect(macOf(...a) === macOf(...b)).toBe(a.join() === b.join());
      expect(macOf(...a)).toMatch(/^[0-9a-f]2(:[0-9a-f]{2}){5}$/);
    }),
  );
});
