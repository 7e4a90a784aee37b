import { describe, expect, it } from "vitest";
import {
  parseFlatKeyed,
  parseLimit,
  parseNumber,
  parseNumbers,
  quotaInCpus,
  readAttribute,
  swapWithin,
} from "../../../../../core/kernel/cgroup/values.ts";
import { tempTree } from "../hosts.ts";

const NONE = Number.POSITIVE_INFINITY;

describe("parseLimit", () => {
  it.each([
    ["max", NONE],
    ["-1", NONE],
    ["9223372036854771712", NONE],
    // 64 KiB pages round further down.
    ["9223372036854710272", NONE],
    ["18446744073709551615", NONE],
    ["0", 0],
    ["536870912", 536_870_912],
  ])("%s", (text, limit) => expect(parseLimit(`${text}\n`, "f")).toBe(limit));

  it.each(["", "\n", "-2\n", "min\n", "1 2\n", "1"])("refuses %j", (text) => {
    expect(() => parseLimit(text, "f")).toThrow("f:1: ");
  });
});

it("parseNumber and parseNumbers take digits only", () => {
  expect(parseNumber("12\n", "f")).toBe(12);
  expect(() => parseNumber("max\n", "f")).toThrow('f:1: cannot parse "max"');
  expect(parseNumbers("1 22 \n", "f")).toEqual([1, 22]);
  expect(() => parseNumbers("1 x\n", "f")).toThrow('f:1: cannot parse "1 x"');
});

describe("parseFlatKeyed", () => {
  it("reads pairs", () =>
    expect([...parseFlatKeyed("anon 1\nfile 2\n", "f")]).toEqual([
      ["anon", 1],
      ["file", 2],
    ]));
  it.each(["anon", " 1", "anon -1", "anon 1 2", ""])("refuses %j", (line) => {
    expect(() => parseFlatKeyed(`file 1\n${line}\n`, "f")).toThrow("f:2: ");
  });
});

it.each([
  [50_000, 100_000, 0.5],
  [NONE, 100_000, NONE],
  [0, 100_000, NONE],
  [50_000, 0, NONE],
  [0, 0, NONE],
])("quotaInCpus(%d, %d)", (quota, period, cpus) => expect(quotaInCpus(quota, period)).toBe(cpus));

it.each([
  [800, 500, 300],
  [400, 500, 0],
  [NONE, NONE, NONE],
  [NONE, 500, NONE],
  [500, NONE, 0],
])("swapWithin(%d, %d)", (memsw, limit, swap) => expect(swapWithin(memsw, limit)).toBe(swap));

it("readAttribute names the file in an error and takes absence for undefined", () => {
  const directory = tempTree({ "pids.max": "much\n" });
  expect(() => readAttribute(directory, "pids.max", parseLimit)).toThrow(
    `${directory}/pids.max:1: cannot parse "much"`,
  );
  expect(readAttribute(directory, "pids.current", parseLimit)).toBeUndefined();
});
