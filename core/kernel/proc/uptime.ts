import type { HostRoot } from "../host-root.ts";
import { parseDecimal, parseFields, parseOneLine } from "../lines.ts";
import { readKernelAttribute } from "../text.ts";

/*
 * 755.73 1465.84
 *
 * Documentation/filesystems/proc.rst, "uptime".
 */

export interface Uptime {
  /** Since boot, time asleep included. */
  readonly uptimeSeconds: number;
  /** Summed over all CPUs: on n CPUs it grows up to n times as fast. */
  readonly idleSeconds: number;
}

export function parseUptime(text: string, path = "uptime"): Uptime {
  const line = parseOneLine(text, path);
  const [uptime, idle] = parseFields(line.text);
  return { uptimeSeconds: parseDecimal(uptime, line), idleSeconds: parseDecimal(idle, line) };
}

export function readUptime(root: HostRoot): Uptime | undefined {
  const path = root.proc("uptime");
  const text = readKernelAttribute(path);
  return text === undefined ? undefined : parseUptime(text, path);
}
