import type { HostRoot } from "../host-root.ts";
import { type Line, malformed, parseUnsigned } from "../lines.ts";
import { readKernelAttribute } from "../text.ts";

/*
 * 6008 (tmux: server) S 5979 5979 2770 0 -1 4194304 105 0 0 0 12 3 0 0 20 0 1 0 75572 …
 *
 * Documentation/filesystems/proc.rst, table 1-4. The name in parentheses is the program's to choose: it
 * may hold blanks and parentheses, so everything is counted from the last `)`.
 */

export interface PidStat {
  readonly pid: number;
  readonly comm: string;
  /** R running, S sleeping, D uninterruptible, Z zombie, T stopped, t traced, I idle kernel thread, X dead. */
  readonly state: string;
  readonly ppid: number;
  /** Fields 14 and 15, in USER_HZ ticks. */
  readonly userTicks: number;
  readonly systemTicks: number;
  /** Field 20. */
  readonly threads: number;
  /** Field 22: USER_HZ ticks from the boot of the reader's time namespace to the start of the process. */
  readonly startTicks: number;
  /** Field 24: memory in RAM, in pages. */
  readonly residentPages: number;
}

const STATE = /^[A-Za-z]$/;

export function parsePidStat(text: string, path = "PID/stat"): PidStat {
  const line: Line = { path, number: 1, text: text.trimEnd() };
  const open = text.indexOf(" (");
  const close = text.lastIndexOf(") ");
  if (open === -1 || close < open || !text.endsWith("\n")) malformed(line);
  const fields = line.text.slice(close + 2).split(" ");
  const [state = ""] = fields;
  // proc.rst counts from 1 and the state is field 3.
  const at = (number: number): number => parseUnsigned(fields[number - 3], line);
  return {
    pid: parseUnsigned(text.slice(0, open), line),
    comm: text.slice(open + 2, close),
    state: STATE.test(state) ? state : malformed(line),
    ppid: at(4),
    userTicks: at(14),
    systemTicks: at(15),
    threads: at(20),
    startTicks: at(22),
    residentPages: at(24),
  };
}

export function readPidStat(root: HostRoot, pid: number | "self"): PidStat | undefined {
  const path = root.proc(`${pid}/stat`);
  const text = readKernelAttribute(path);
  return text === undefined ? undefined : parsePidStat(text, path);
}
