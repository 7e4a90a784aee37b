import type { PidsStats } from "./stats.ts";
import { parseLimit, parseNumber, readAttribute } from "./values.ts";

/*
 * pids.current 12   pids.max max
 *
 * The same files on v1 (Documentation/admin-guide/cgroup-v1/pids.rst) and v2. They count threads.
 */

export function readPids(directory: string): PidsStats | undefined {
  const current = readAttribute(directory, "pids.current", parseNumber);
  const limit = readAttribute(directory, "pids.max", parseLimit);
  return current === undefined || limit === undefined ? undefined : { current, limit };
}
