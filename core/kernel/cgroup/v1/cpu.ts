import { endsEarly } from "../../lines.ts";
import type { CpuThrottling } from "../stats.ts";
import { parseFlatKeyed, parseLimit, parseNumber, quotaInCpus, readAttribute } from "../values.ts";

/*
 * cpu.cfs_quota_us 50000 (-1: none)   cpu.cfs_period_us 100000
 * cpu.stat:
 *   nr_periods 0
 *   nr_throttled 0
 *   throttled_time 0                  nanoseconds
 *
 * Documentation/scheduler/sched-bwc.rst.
 */

export function readQuotaCpus(directory: string): number | undefined {
  const quota = readAttribute(directory, "cpu.cfs_quota_us", parseLimit);
  if (quota === undefined || quota === Number.POSITIVE_INFINITY) return quota;
  const period = readAttribute(directory, "cpu.cfs_period_us", parseNumber);
  return period === undefined ? undefined : quotaInCpus(quota, period);
}

export function readThrottling(directory: string): CpuThrottling | undefined {
  return readAttribute(directory, "cpu.stat", parseThrottling);
}

export function parseThrottling(text: string, path: string): CpuThrottling {
  const values = parseFlatKeyed(text, path);
  const at = (key: string): number => values.get(key) ?? endsEarly(path, values.size + 1);
  return {
    periods: at("nr_periods"),
    throttledPeriods: at("nr_throttled"),
    throttledSeconds: at("throttled_time") / 1e9,
  };
}
