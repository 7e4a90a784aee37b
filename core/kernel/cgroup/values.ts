import { parseCpuList } from "../cpu-list.ts";
import { type Line, malformed, parseFields, parseLines, parseOneLine, parseUnsigned } from "../lines.ts";
import { readKernelAttribute } from "../text.ts";

/*
 * The forms of Documentation/admin-guide/cgroup-v2.rst, "Format", which v1 uses as well:
 *
 * max            anon 4096            8:16 rbytes=1459200 wbytes=314773504
 * 1048576        file 81920
 */

/**
 * v1 keeps "no limit" as LONG_MAX rounded down to a page: 0x7FFFFFFFFFFFF000, or 0x7FFFFFFFFFFF0000 with
 * the 64 KiB pages of some arm64 and ppc64 kernels. Both are exact as a double.
 */
const V1_UNLIMITED = 2 ** 63 - 64 * 1024;

/** A limit: `max`, -1 and whatever v1 prints for "none" are Infinity. */
export function parseLimit(text: string, path: string): number {
  const line = parseOneLine(text, path);
  return limitOf(line.text, line);
}

export function limitOf(field: string | undefined, line: Line): number {
  if (field === "max" || field === "-1") return Number.POSITIVE_INFINITY;
  const value = parseUnsigned(field, line);
  return value >= V1_UNLIMITED ? Number.POSITIVE_INFINITY : value;
}

/** A file of one number. */
export function parseNumber(text: string, path: string): number {
  const line = parseOneLine(text, path);
  return parseUnsigned(line.text, line);
}

/** `key value` lines. */
export function parseFlatKeyed(text: string, path: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of parseLines(text, path)) {
    const blank = line.text.indexOf(" ");
    if (blank <= 0) malformed(line);
    values.set(line.text.slice(0, blank), parseUnsigned(line.text.slice(blank + 1), line));
  }
  return values;
}

/** A file of numbers on one line. */
export function parseNumbers(text: string, path: string): readonly number[] {
  const line = parseOneLine(text, path);
  return parseFields(line.text).map((field) => parseUnsigned(field, line));
}

/** A quota as CPUs' worth. The kernel allows neither a quota nor a period of 0: such a one limits nothing. */
export function quotaInCpus(quotaMicros: number, periodMicros: number): number {
  return quotaMicros > 0 && periodMicros > 0 ? quotaMicros / periodMicros : Number.POSITIVE_INFINITY;
}

/** Reads and parses one attribute of a cgroup; undefined when the cgroup or the attribute is not there. */
export function readAttribute<T>(
  directory: string,
  name: string,
  parse: (text: string, path: string) => T,
): T | undefined {
  const path = `${directory}/${name}`;
  const text = readKernelAttribute(path);
  return text === undefined ? undefined : parse(text, path);
}

/** The ids in a cpuset file; undefined when it is empty as well, which means that nothing was set here. */
export function readCpus(directory: string, name: string): readonly number[] | undefined {
  const ids = readAttribute(directory, name, parseCpuList);
  return ids?.length === 0 ? undefined : ids;
}

/**
 * Swap alone, where a limit is on RAM + swap: what is left of it when all the RAM it allows is in use.
 * No limit stays none (∞ − ∞ would be NaN).
 */
export function swapWithin(memswLimitBytes: number, limitBytes: number): number {
  return memswLimitBytes === Number.POSITIVE_INFINITY
    ? memswLimitBytes
    : Math.max(0, memswLimitBytes - limitBytes);
}
