import { describe, expect, it } from "vitest";
import {
  parseCpuacctStat,
  readCpuUsage,
  readPerCpuSeconds,
} from "../../../../../../core/kernel/cgroup/v1/cpuacct.ts";
import { tempTree } from "../../hosts.ts";

const USAGE = { "cpuacct.usage": "3000000000\n" };
const STAT = { "cpuacct.stat": "user 150\nsystem 125\n" };

describe("readCpuUsage", () => {
  it("splits user and system by nanoseconds", () => {
    const split = { "cpuacct.usage_user": "1500000001\n", "cpuacct.usage_sys": "1250000000\n" };
    expect(readCpuUsage(tempTree({ ...USAGE, ...STAT, ...split }))).toEqual({
      usageSeconds: 3,
      userSeconds: 1.500000001,
      systemSeconds: 1.25,
    });
  });

  it("splits by ticks before Linux 4.8", () => {
    expect(readCpuUsage(tempTree({ ...USAGE, ...STAT }))).toEqual({
      usageSeconds: 3,
      userSeconds: 1.5,
      systemSeconds: 1.25,
    });
  });

  it.each([{}, USAGE, STAT])("is undefined when a part is gone (%#)", (files) => {
    expect(readCpuUsage(tempTree(files))).toBeUndefined();
  });
});

it("parseCpuacctStat refuses half a file", () => {
  expect(() => parseCpuacctStat("user 1\n", "f")).toThrow("f:2: ends too early");
});

it("readPerCpuSeconds is by CPU id", () => {
  expect(readPerCpuSeconds(tempTree({ "cpuacct.usage_percpu": "1000000000 500000000 \n" }))).toEqual([
    1, 0.5,
  ]);
  expect(readPerCpuSeconds(tempTree({}))).toBeUndefined();
});
