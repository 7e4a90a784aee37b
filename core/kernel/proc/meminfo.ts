import type { HostRoot } from "../host-root.ts";
import { malformed, parseLines } from "../lines.ts";
import { readKernelAttribute } from "../text.ts";

/*
 * MemTotal:       24684084 kB
 * Active(anon):       1552 kB
 * HugePages_Total:       0
 *
 * Documentation/filesystems/proc.rst, "meminfo".
 */

export interface MeminfoEntry {
  readonly value: number;
  /** A line with `kB` is in bytes here; one without is a number of things (huge pages). */
  readonly unit: "bytes" | "count";
}

/** Every line by the kernel's name, in the kernel's order. */
export type Meminfo = ReadonlyMap<string, MeminfoEntry>;

const LINE = /^(\S+):\s+(\d{1,20})( kB)?$/;

export function parseMeminfo(text: string, path = "meminfo"): Meminfo {
  const entries = new Map<string, MeminfoEntry>();
  for (const line of parseLines(text, path)) {
    const [, name = "", value, kilobytes] = LINE.exec(line.text) ?? malformed(line);
    // "kB" is the kernel's word for 1024 bytes.
    if (kilobytes === undefined) entries.set(name, { value: Number(value), unit: "count" });
    else entries.set(name, { value: Number(value) * 1024, unit: "bytes" });
  }
  return entries;
}

export function readMeminfo(root: HostRoot): Meminfo | undefined {
  const path = root.proc("meminfo");
  const text = readKernelAttribute(path);
  return text === undefined ? undefined : parseMeminfo(text, path);
}
