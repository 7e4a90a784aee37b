import { isIPv6 } from "node:net";

/** Whoever has an address of IPv6 has 2^64 of them. */
const GROUPS_OF_ONE = 4;

/** Whom a connection is counted for: its address, or the /64 that it is in. */
export function clientName(address: string | undefined): string {
  const [plain = ""] = (address ?? "").replace(/^::ffff:(?=[\d.]+$)/, "").split("%");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = (text: string): readonly string[] => text.split(":").filter(Boolean);
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  return `${[...before, ...zeros, ...after].slice(0, GROUPS_OF_ONE).join(":")}::/64`;
}
