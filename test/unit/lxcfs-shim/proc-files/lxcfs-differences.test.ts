import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { differingFields, explain, renderDifferences } from "../../../support/lxcfs-differences.ts";

const DOCUMENT = join(import.meta.dirname, "../../../../docs/lxcfs-differences.md");

test("docs/lxcfs-differences.md begins with every difference there may be", () => {
  expect(readFileSync(DOCUMENT, "utf8").startsWith(renderDifferences())).toBe(true);
});

test.for<[string, string, string, readonly string[]]>([
  ["meminfo", "MemFree: 1000000 kB\nSlab: 9 kB\n", "MemFree: 1000900 kB\nSlab: 9 kB\n", []],
  ["meminfo", "Slab: 9000 kB\n", "Slab: 0 kB\n", ["Slab"]],
  ["stat", "cpu  1 2 3\nintr 5000 1\n", "cpu  9 2 3\nintr 5001 1\n", ["cpu"]],
  ["uptime", "5.00 4.00\n", "5.01 9.00\n", ["idle"]],
  ["loadavg", "0.00 0.00 0.00 0/1 4711\n", "0.00 0.00 0.00 1/2 1\n", ["tasks", "last pid"]],
  ["diskstats", " 8 0 sda 1 2\n", "", ["sda"]],
  ["cpuinfo", "processor\t: 0\nprocessor\t: 1\n", "processor\t: 0\n", ["processor"]],
])("of %s %j and %j differ in %j", ([file, theirs, ours, fields]) => {
  expect(differingFields(file, theirs, ours)).toEqual(fields);
});

test("an explanation belongs to a field of a file", () => {
  expect(explain("stat", "cpu12")?.verdict).toBe("theirs is wrong");
  expect(explain("stat", "btime")).toBeUndefined();
});
