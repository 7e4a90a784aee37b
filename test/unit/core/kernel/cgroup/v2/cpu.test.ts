import { describe, expect, it } from "vitest";
import {
  parseCpuMax,
  parseCpuUsage,
  parseThrottling,
  readCpuUsage,
  readQuotaCpus,
  readThrottling,
} from "../../../../../../core/kernel/cgroup/v2/cpu.ts";
import { tempTree } from "../../hosts.ts";

const USAGE = "usage_usec 3000000\nuser_usec 1750000\nsystem_usec 1250000\n";
const THROTTLING = "nr_periods 24\nnr_throttled 19\nthrottled_usec 938352\n";

describe("parseCpuMax", () => {
  it.each([
    ["max 100000\n", Number.POSITIVE_INFINITY],
    ["50000 100000\n", 0.5],
    ["450000 100000\n", 4.5],
  ])("%j", (text, cpus) => expect(parseCpuMax(text, "f")).toBe(cpus));

  it.each(["", "max\n", "50000\n", "x 100000\n", "50000 x\n"])("refuses %j", (text) => {
    expect(() => parseCpuMax(text, "f")).toThrow("f:1: ");
  });
});

describe("cpu.stat", () => {
  it("has usage in every cgroup, throttling with the controller", () => {
    expect(parseCpuUsage(USAGE, "f")).toEqual({
      usageSeconds: 3,
      userSeconds: 1.75,
      systemSeconds: 1.25,
      niceSeconds: undefined,
    });
    expect(parseThrottling(USAGE, "f")).toBeUndefined();
    expect(parseThrottling(USAGE + THROTTLING, "f")).toEqual({
      periods: 24,
      throttledPeriods: 19,
      throttledSeconds: 0.938352,
    });
  });

  it("has nice time since Linux 6.11", () => {
    expect(parseCpuUsage(`${USAGE}nice_usec 500000\n`, "f").niceSeconds).toBe(0.5);
  });

  it("refuses half a file", () => {
    expect(() => parseCpuUsage("usage_usec 1\n", "f")).toThrow("f:2: ends too early");
    expect(() => parseThrottling("nr_periods 1\n", "f")).toThrow("f:2: ends too early");
  });
});

it("reads from a directory, and nothing from an empty one", () => {
  const directory = tempTree({ "cpu.stat": USAGE + THROTTLING, "cpu.max": "max 100000\n" });
  expect(readCpuUsage(directory)?.usageSeconds).toBe(3);
  expect(readThrottling(directory)?.periods).toBe(24);
  expect(readQuotaCpus(directory)).toBe(Number.POSITIVE_INFINITY);
  const gone = `${directory}/gone`;
  expect([readCpuUsage(gone), readThrottling(gone), readQuotaCpus(gone)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
