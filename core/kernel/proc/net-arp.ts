import { malformed, parseFields, parseLines } from "../lines.ts";

/*
 * IP address       HW type     Flags       HW address            Mask     Device
 * 10.0.0.1         0x1         0x2         02:fc:00:00:00:02     *        eth0
 *
 * Documentation/filesystems/proc.rst, "net/arp".
 */

export interface ArpEntry {
  readonly address: string;
  readonly device: string;
}

export function parseNetArp(text: string, path = "net/arp"): readonly ArpEntry[] {
  return parseLines(text, path)
    .slice(1)
    .map((line) => {
      const fields = parseFields(line.text);
      const [address, , , , , device] = fields;
      return address === undefined || device === undefined ? malformed(line) : { address, device };
    });
}
