import { readdirSync, statSync } from "node:fs";
import { parseLines, parseUnsigned } from "../lines.ts";
import { readKernelText } from "../text.ts";

/*
 * cgroup.procs:
 *   4217
 *   4230
 *
 * Documentation/admin-guide/cgroup-v2.rst, "Processes". On v1 a process may be listed twice, and one the
 * reader's pid namespace does not know is 0.
 */

/** More cgroups than any container has: bounds what a hostile one can make its reader do. */
const MAX_CGROUPS = 10_000;

/** The processes in a cgroup directory and all below it, each once. */
export function readProcesses(directory: string, maxCgroups: number = MAX_CGROUPS): readonly number[] {
  const pids = new Set<number>();
  const queue = [directory];
  // Not a queue that shifts: the list grows while it is walked.
  for (const at of queue) {
    for (const pid of readPids(`${at}/cgroup.procs`)) pids.add(pid);
    if (queue.length < maxCgroups) queue.push(...childrenOf(at).slice(0, maxCgroups - queue.length));
  }
  pids.delete(0);
  return [...pids];
}

export function parseProcesses(text: string, path: string): readonly number[] {
  return parseLines(text, path).map((line) => parseUnsigned(line.text, line));
}

function readPids(path: string): readonly number[] {
  // Absent too in a threaded cgroup (EOPNOTSUPP): its processes are those of the domain above it.
  const text = readKernelText(path);
  return text === undefined ? [] : parseProcesses(text, path);
}

/** A directory has two links, and one more from each in it. Some file systems do not count them and say 1. */
const LINKS_WITHOUT_CHILDREN = 2;

function childrenOf(directory: string): readonly string[] {
  try {
    if (statSync(directory).nlink === LINKS_WITHOUT_CHILDREN) return [];
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => `${directory}/${entry.name}`);
  } catch {
    // Removed while it was walked.
    return [];
  }
}
