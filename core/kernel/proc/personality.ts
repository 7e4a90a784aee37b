import type { HostRoot } from "../host-root.ts";
import { malformed, parseOneLine } from "../lines.ts";
import { readKernelAttribute } from "../text.ts";

/*
 * 00000008
 *
 * personality(2), /proc/PID/personality: in hexadecimal, flags above the execution domain. Kernels let nobody see it who may
 * not trace the process.
 */

const PER_MASK = 0xff;
const PER_LINUX32 = 8;

export interface Personality {
  /** The process is shown a 32-bit machine: uname(2), and on arm64 /proc/cpuinfo. */
  readonly isLinux32: boolean;
}

export function parsePersonality(text: string, path = "PID/personality"): Personality {
  const line = parseOneLine(text, path);
  const value = /^[0-9a-f]{1,8}$/.test(line.text) ? Number.parseInt(line.text, 16) : malformed(line);
  return { isLinux32: (value & PER_MASK) === PER_LINUX32 };
}

export function readPersonality(root: HostRoot, pid: number | "self"): Personality | undefined {
  const path = root.proc(`${pid}/personality`);
  const text = readKernelAttribute(path);
  return text === undefined ? undefined : parsePersonality(text, path);
}
