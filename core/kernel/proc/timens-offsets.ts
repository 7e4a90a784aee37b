import type { HostRoot } from "../host-root.ts";
import { type Line, malformed, parseLines } from "../lines.ts";
import { readKernelAttribute } from "../text.ts";

/*
 * monotonic           0         0
 * boottime        -6115         0
 *
 * time_namespaces(7), /proc/PID/timens_offsets: seconds and nanoseconds that are added to the host's clocks. Since Linux
 * 5.6; in the first time namespace all are 0.
 */

export interface TimeOffsets {
  readonly monotonicSeconds: number;
  readonly boottimeSeconds: number;
}

export function parseTimensOffsets(text: string, path = "PID/timens_offsets"): TimeOffsets {
  let [monotonicSeconds, boottimeSeconds] = [0, 0];
  for (const line of parseLines(text, path)) {
    const [, clock, seconds, nanoseconds] =
      /^(\w+)\s+(-?\d{1,20})\s+(\d{1,9})$/.exec(line.text) ?? malformed(line);
    // Other clocks may come.
    if (clock === "monotonic") monotonicSeconds = offsetOf(seconds, nanoseconds, line);
    if (clock === "boottime") boottimeSeconds = offsetOf(seconds, nanoseconds, line);
  }
  return { monotonicSeconds, boottimeSeconds };
}

export function readTimensOffsets(root: HostRoot, pid: number | "self"): TimeOffsets | undefined {
  const path = root.proc(`${pid}/timens_offsets`);
  const text = readKernelAttribute(path);
  return text === undefined ? undefined : parseTimensOffsets(text, path);
}

function offsetOf(seconds: string | undefined, nanoseconds: string | undefined, line: Line): number {
  const offset = Number(seconds) + Number(nanoseconds) / 1e9;
  return Number.isFinite(offset) ? offset : malformed(line);
}
