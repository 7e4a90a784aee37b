import { endsEarly, type Line, malformed, parseLines } from "../lines.ts";

/*
 * Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens
 * Tcp: 1 200 120000 -1 75 36
 *
 * /proc/net/snmp (RFC 1213's counters) and /proc/net/netstat (Linux' own), net/ipv4/proc.c: a line of names,
 * then a line of values. Later kernels append names.
 */

/** `Tcp_ActiveOpens` and its value. */
export type NamedValue = readonly [name: string, value: number];

interface Column {
  readonly name: string;
  readonly index: number;
}

/** The columns that are wanted: found once for each line of names, which are the same from read to read. */
export class WantedColumns {
  readonly #isWanted: (name: string) => boolean;
  readonly #known = new Map<string, { readonly columns: readonly Column[]; readonly length: number }>();

  constructor(isWanted: (name: string) => boolean) {
    this.#isWanted = isWanted;
  }

  of(names: Line): { readonly columns: readonly Column[]; readonly length: number } {
    const known = this.#known.get(names.text);
    if (known !== undefined) return known;
    const [title = "", ...fields] = names.text.split(" ");
    if (!title.endsWith(":")) malformed(names);
    const columns = fields
      .map((field, index) => ({ name: `${title.slice(0, -1)}_${field}`, index: index + 1 }))
      .filter(({ name }) => this.#isWanted(name));
    const found = { columns, length: fields.length + 1 };
    this.#known.set(names.text, found);
    return found;
  }
}

export function parseNetSnmp(
  text: string,
  path = "net/snmp",
  wanted: WantedColumns = everyColumn(),
): NamedValue[] {
  const lines = parseLines(text, path);
  const values: NamedValue[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const [names, line] = [lines[at], lines[at + 1]];
    if (names === undefined || line === undefined) return endsEarly(path, at + 2);
    const { columns, length } = wanted.of(names);
    const fields = line.text.split(" ");
    if (fields.length !== length || !names.text.startsWith(`${fields[0]} `)) malformed(line);
    for (const { name, index } of columns) values.push([name, parseSigned(fields[index], line)]);
  }
  return values;
}

const everyColumn = (): WantedColumns => new WantedColumns(() => true);

/** MaxConn is -1 where there is no maximum. */
function parseSigned(field: string | undefined, line: Line): number {
  return field !== undefined && /^-?\d{1,20}$/.test(field) ? Number(field) : malformed(line);
}
