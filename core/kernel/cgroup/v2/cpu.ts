import { endsEarly, parseOneLine, parseUnsigned } from "../../lines.ts";
import type { CpuThrottling } from "../stats.ts";
import { limitOf, parseFlatKeyed, quotaInCpus, readAttribute } from "../values.ts";
import type { CpuUsage } from "../version-files.ts";

/*
 * cpu.max 50000 100000 (or: max 100000)
 * cpu.stat:
 *   usage_usec 45865646
 *   user_usec 26837460
 *   system_usec 19028185
 *   nice_usec 0                 since Linux 6.11
 *   nr_periods 0                this and the next two with the cpu controller only
 *   nr_throttled 0
 *   throttled_usec 0
 *
 * Documentation/admin-guide/cgroup-v2.rst, "CPU Interface Files". Every cgroup has cpu.stat.
 */

const MICROSECONDS = 1e6;

export function readCpuUsage(directory: string): CpuUsage | undefined {
  return readAttribute(directory, "cpu.stat", parseCpuUsage);
}

export function readThrottling(directory: string): CpuThrottling | undefined {
  return readAttribute(directory, "cpu.stat", parseThrottling);
}

export function readQuotaCpus(directory: string): number | undefined {
  return readAttribute(directory, "cpu.max", parseCpuMax);
}

export function parseCpuMax(text: string, path: string): number {
  const line = parseOneLine(text, path);
  const [quota, period] = line.text.split(" ");
  return quotaInCpus(limitOf(quota, line), parseUnsigned(period, line));
}

export function parseCpuUsage(text: string, path: string): CpuUsage {
  const values = parseFlatKeyed(text, path);
  const at = (key: string): number => values.get(key) ?? endsEarly(path, values.size + 1);
  const niceUsec = values.get("nice_usec");
  return {
    usageSeconds: at("usage_usec") / MICROSECONDS,
    userSeconds: at("user_usec") / MICROSECONDS,
    systemSeconds: at("system_usec") / MICROSECONDS,
    niceSeconds: niceUsec === undefined ? undefined : niceUsec / MICROSECONDS,
  };
}

export function parseThrottling(text: string, path: string): CpuThrottling | undefined {
  const values = parseFlatKeyed(text, path);
  if (!values.has("nr_periods")) return undefined;
  const at = (key: string): number => values.get(key) ?? endsEarly(path, values.size + 1);
  return {
    periods: at("nr_periods"),
    throttledPeriods: at("nr_throttled"),
    throttledSeconds: at("throttled_usec") / MICROSECONDS,
  };
}
