import { type BlockList, isIP } from "node:net";

/** Adds an address, or a network as `10.0.0.0/24`; false for what is neither. */
export function addAddress(addresses: BlockList, text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  const width = version === 6 ? 128 : 32;
  const prefix = Number(bits ?? width);
  if (version === 0 || rest.length > 0 || bits === "" || !Number.isInteger(prefix)) return false;
  if (prefix < 0 || prefix > width) return false;
  addresses.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
  return true;
}
