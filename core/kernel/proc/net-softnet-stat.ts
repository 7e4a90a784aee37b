import { type Line, malformed, parseFields, parseLines } from "../lines.ts";

/*
 * 001491da 00000000 00000004 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
 *
 * /proc/net/softnet_stat, net/core/net-procfs.c: hexadecimal, a row for each CPU that is online. The 13th column
 * names the CPU, since Linux 5.10; the host's in every network namespace.
 */

export interface SoftnetCpu {
  readonly cpu: number;
  readonly processed: number;
  readonly dropped: number;
  readonly timesSqueezed: number;
}

export function parseNetSoftnetStat(text: string, path = "net/softnet_stat"): readonly SoftnetCpu[] {
  return parseLines(text, path).map((line, row) => {
    const fields = parseFields(line.text);
    return {
      cpu: fields.length > 12 ? parseHex(fields[12], line) : row,
      processed: parseHex(fields[0], line),
      dropped: parseHex(fields[1], line),
      timesSqueezed: parseHex(fields[2], line),
    };
  });
}

function parseHex(field: string | undefined, line: Line): number {
  return field !== undefined && /^[0-9a-f]{1,16}$/i.test(field)
    ? Number.parseInt(field, 16)
    : malformed(line);
}
