import { describe, expect, it } from "vitest";
import {
  parseThrottling,
  readQuotaCpus,
  readThrottling,
} from "../../../../../../core/kernel/cgroup/v1/cpu.ts";
import { tempTree } from "../../hosts.ts";

describe("readQuotaCpus", () => {
  it.each([
    ["50000\n", "100000\n", 0.5],
    ["250000\n", "50000\n", 5],
    ["-1\n", "100000\n", Number.POSITIVE_INFINITY],
  ])("%j of %j", (quota, period, cpus) => {
    expect(readQuotaCpus(tempTree({ "cpu.cfs_quota_us": quota, "cpu.cfs_period_us": period }))).toBe(cpus);
  });

  it("is undefined when a part is gone", () => {
    expect(readQuotaCpus(tempTree({}))).toBeUndefined();
    expect(readQuotaCpus(tempTree({ "cpu.cfs_quota_us": "50000\n" }))).toBeUndefined();
  });
});

describe("throttling", () => {
  it("is in nanoseconds", () => {
    const text = "nr_periods 24\nnr_throttled 19\nthrottled_time 938352069\nnr_bursts 0\n";
    expect(readThrottling(tempTree({ "cpu.stat": text }))).toEqual({
      periods: 24,
      throttledPeriods: 19,
      throttledSeconds: 0.938352069,
    });
  });

  it("is undefined without the file", () => expect(readThrottling(tempTree({}))).toBeUndefined());
  it("refuses half a file", () => expect(() => parseThrottling("nr_periods 24\n", "f")).toThrow("f:2: "));
});
