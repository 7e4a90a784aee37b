import { endsEarly, malformed, parseFields, parseLines } from "../lines.ts";

/*
 * entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop …
 * 00000000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 …
 *
 * /proc/net/stat/nf_conntrack, net/netfilter/nf_conntrack_standalone.c: hexadecimal, a row for each CPU.
 */

/** Column → its sum over all CPUs. */
export function parseNfConntrackStat(
  text: string,
  path = "net/stat/nf_conntrack",
): ReadonlyMap<string, number> {
  const [head, ...rows] = parseLines(text, path);
  const names = parseFields(head?.text ?? endsEarly(path, 1));
  const sums = new Map(names.map((name) => [name, 0]));
  for (const line of rows) {
    const fields = parseFields(line.text);
    if (fields.length !== names.length) malformed(line);
    for (const [index, name] of names.entries()) {
      const field = fields[index] ?? "";
      if (!/^[0-9a-f]{1,16}$/i.test(field)) malformed(line);
      sums.set(name, (sums.get(name) ?? 0) + Number.parseInt(field, 16));
    }
  }
  return sums;
}
