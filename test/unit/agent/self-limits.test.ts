import { expect, test } from "vitest";
import { CpuBudget, ownMemoryBytes, parseSelfLimits } from "../../../agent/self-limits.ts";

const given = (value: string) => ({ option: "maxCpu", value });

test("limits are a part of a CPU and mebibytes, with defaults", () => {
  expect(parseSelfLimits(undefined, undefined)).toEqual({ cpuShare: 0.25, memoryBytes: 64 * 2 ** 20 });
  expect(parseSelfLimits(given("2.5%"), given("32MiB"))).toEqual({
    cpuShare: 0.025,
    memoryBytes: 32 * 2 ** 20,
  });
  for (const wrong of ["0%", "101%", "5", "%", "-1%"])
    expect(() => parseSelfLimits(given(wrong), undefined)).toThrow("maxCpu");
  for (const wrong of ["8MiB", "32", "32MB"])
    expect(() => parseSelfLimits(undefined, given(wrong))).toThrow("maxCpu");
});

test("what was used too much is waited out, up to a burst; a quiet time saves no more than a burst", () => {
  let usedMs = 0;
  const budget = new CpuBudget(0.1, 0, () => usedMs);
  usedMs = 5000; // the burst
  expect(budget.debtMs(0)).toBe(0);
  usedMs += 200; // in a second that allows 100
  expect(budget.debtMs(1000)).toBeCloseTo(1000);
  expect(budget.debtMs(2000)).toBeCloseTo(0);
  usedMs += 60_000;
  expect(budget.debtMs(2000)).toBeCloseTo(50_000);
  usedMs += 5001;
  expect(budget.debtMs(10_000_000)).toBeGreaterThan(0);
});

test("own memory is what /proc/self/status says, and unknown where it does not", () => {
  expect(ownMemoryBytes("VmRSS:\t  100 kB\nRssAnon:\t    1234 kB\nRssFile:\t 1 kB\n")).toBe(1234 * 1024);
  expect(ownMemoryBytes("VmRSS:\t  100 kB\n")).toBeUndefined();
  expect(ownMemoryBytes()).toBeGreaterThan(1_000_000);
});
