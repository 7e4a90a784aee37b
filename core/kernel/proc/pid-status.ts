import { parseCpuList } from "../cpu-list.ts";
import type { HostRoot } from "../host-root.ts";
import { endsEarly, malformed, parseFields, parseLines, parseUnsigned } from "../lines.ts";
import { readKernelAttribute } from "../text.ts";

/*
 * Name:	bash
 * State:	S (sleeping)
 * Tgid:	6008
 * NSpid:	6008	17	1
 * Threads:	1
 * Cpus_allowed_list:	0-1
 *
 * Documentation/filesystems/proc.rst, table 1-2.
 */

export interface PidStatus {
  /** The process a thread belongs to. */
  readonly tgid: number;
  /** The first letter of the state, as in PID/stat. */
  readonly state: string;
  readonly ppid: number;
  readonly threads: number;
  /** The pid in each pid namespace from the reader's own inwards: an init's last one is 1. */
  readonly nsPids: readonly number[];
  /** Undefined on a kernel without SMP. */
  readonly cpusAllowed?: readonly number[];
}

export function parsePidStatus(text: string, path = "PID/status"): PidStatus {
  const lines = parseLines(text, path);
  const find = (name: string) => {
    const line = lines.find((line) => line.text.startsWith(name));
    return line === undefined ? undefined : { line, value: line.text.slice(name.length).trim() };
  };
  const field = (name: string) => find(name) ?? endsEarly(path, lines.length + 1);
  const count = (name: string): number => {
    const { line, value } = field(name);
    return parseUnsigned(value, line);
  };
  const state = field("State:");
  // Without CONFIG_PID_NS there is no NSpid, and one namespace.
  const nsPid = find("NSpid:") ?? field("Pid:");
  const cpus = find("Cpus_allowed_list:");
  return {
    tgid: count("Tgid:"),
    state: state.value[0] ?? malformed(state.line),
    ppid: count("PPid:"),
    threads: count("Threads:"),
    nsPids: parseFields(nsPid.value).map((pid) => parseUnsigned(pid, nsPid.line)),
    ...(cpus !== undefined && { cpusAllowed: parseCpuList(cpus.value, path, cpus.line.number) }),
  };
}

export function readPidStatus(root: HostRoot, pid: number | "self"): PidStatus | undefined {
  const path = root.proc(`${pid}/status`);
  const text = readKernelAttribute(path);
  return text === undefined ? undefined : parsePidStatus(text, path);
}
