import { malformed, parseLines, parseUnsigned } from "../lines.ts";
import type { NamedValue } from "./net-snmp.ts";

/*
 * Ip6InReceives                   	0
 * Icmp6InMsgs                     	0
 *
 * /proc/net/snmp6, net/ipv6/proc.c. The protocol's name ends at the 6.
 */

const LINE = /^([A-Za-z]+6)(\w+)\s+(\d+)$/;

/** As `Ip6_InReceives`, those that are wanted. */
export function parseNetSnmp6(
  text: string,
  path = "net/snmp6",
  isWanted: (name: string) => boolean = () => true,
): NamedValue[] {
  const values: NamedValue[] = [];
  for (const line of parseLines(text, path)) {
    const [, protocol, field, value] = LINE.exec(line.text) ?? malformed(line);
    const name = `${protocol}_${field}`;
    if (isWanted(name)) values.push([name, parseUnsigned(value, line)]);
  }
  return values;
}
