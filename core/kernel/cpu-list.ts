import { ParseError } from "./parse-error.ts";

/*
 * 0-3,7
 *
 * A set of CPU ids as cpuset files, /sys/devices/system/cpu/online and Cpus_allowed_list print it:
 * Documentation/admin-guide/cputopology.rst.
 */

/** Twice the largest NR_CPUS any architecture allows: a range beyond it is not a list of CPUs. */
const MAX_CPU_ID = 16_383;

/** The ids, ascending. An empty list is `[]`. `path` and `line` say where it stands, for errors. */
export function parseCpuList(text: string, path = "cpu list", line = 1): readonly number[] {
  const list = text.trim();
  if (list === "") return [];
  const ids = new Set<number>();
  for (const part of list.split(",")) {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (!(first <= last && last <= MAX_CPU_ID)) throw new ParseError(path, line, list);
    for (let id = first; id <= last; id++) ids.add(id);
  }
  return [...ids].sort((a, b) => a - b);
}

/** Ascending ids as the kernel prints them: `[0, 1, 2, 7]` → `0-2,7`. */
export function renderCpuList(ids: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const id of ids) {
    const range = ranges.at(-1);
    if (range !== undefined && range.last + 1 === id) range.last = id;
    else ranges.push({ first: id, last: id });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}
