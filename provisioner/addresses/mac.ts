import { type Ipv4, ipv4Bytes } from "../networks/ipv4.ts";

/**
 * The MAC of whoever holds an address: the same on every host and after every rebuild, so that caches
 * of the network stay right, and unique because the address is: networks do not overlap.
 *
 *   x2:xx:a:b:c:d   xxx = the VLAN's 12 bits, a.b.c.d = the address
 *
 * The low half of the first byte says: one station, administered locally, by us (IEEE 802c, AAI).
 */
export function macOf(vlan: number, address: Ipv4): string {
  const bytes = [((vlan >> 8) << 4) | 0x2, vlan & 0xff, ...ipv4Bytes(address)];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
