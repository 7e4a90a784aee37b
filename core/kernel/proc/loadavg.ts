import type { HostRoot } from "../host-root.ts";
import { malformed, parseDecimal, parseOneLine, parseUnsigned } from "../lines.ts";
import { readKernelAttribute } from "../text.ts";

/*
 * 0.20 0.18 0.12 1/80 11206
 *
 * Documentation/filesystems/proc.rst, "loadavg".
 */

export interface Loadavg {
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  /** Threads that run or could run now. */
  readonly running: number;
  readonly threads: number;
  /** Of the process made last, in the reader's pid namespace. */
  readonly lastPid: number;
}

const LINE = /^(\S+) (\S+) (\S+) (\d+)\/(\d+) (\d+)$/;

export function parseLoadavg(text: string, path = "loadavg"): Loadavg {
  const line = parseOneLine(text, path);
  const [, load1, load5, load15, running, threads, lastPid] = LINE.exec(line.text) ?? malformed(line);
  return {
    load1: parseDecimal(load1, line),
    load5: parseDecimal(load5, line),
    load15: parseDecimal(load15, line),
    running: parseUnsigned(running, line),
    threads: parseUnsigned(threads, line),
    lastPid: parseUnsigned(lastPid, line),
  };
}

export function readLoadavg(root: HostRoot): Loadavg | undefined {
  const path = root.proc("loadavg");
  const text = readKernelAttribute(path);
  return text === undefined ? undefined : parseLoadavg(text, path);
}
