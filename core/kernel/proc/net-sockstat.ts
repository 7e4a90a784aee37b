import { malformed, parseFields, parseLines, parseUnsigned } from "../lines.ts";

/*
 * sockets: used 15
 * TCP: inuse 1 orphan 0 tw 2 alloc 1 mem 157
 * UDP: inuse 0 mem 0
 *
 * /proc/net/sockstat and sockstat6, net/ipv4/proc.c. `mem` is in pages.
 */

export interface SocketUse {
  /** `TCP`, `UDP6` …, and `sockets` for all. */
  readonly protocol: string;
  readonly counts: ReadonlyMap<string, number>;
}

export function parseNetSockstat(text: string, path = "net/sockstat"): readonly SocketUse[] {
  return parseLines(text, path).map((line) => {
    const [, protocol = "", rest = ""] = /^(\w+): (.+)$/.exec(line.text) ?? malformed(line);
    const fields = parseFields(rest);
    if (fields.length % 2 !== 0) malformed(line);
    const counts = new Map<string, number>();
    for (let at = 0; at < fields.length; at += 2) {
      counts.set(fields[at] ?? "", parseUnsigned(fields[at + 1], line));
    }
    return { protocol, counts };
  });
}
