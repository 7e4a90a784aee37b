import { expect, test } from "vitest";
import {
  parseBytesPerSecond,
  parseRateHours,
  rateOf,
} from "../../../../../provisioner/registry/replication/rate.ts";

/** On some day, by this host's own time. */
const at = (hours: number, minutes = 0): number => new Date(2026, 0, 15, hours, minutes).getTime();

test("by the hour, also beyond midnight; the first that fits", () => {
  const hours = ["22:00-06:00 100M", "05:00-08:30 50M"].flatMap((text) => parseRateHours(text) ?? []);
  const rate = rateOf(1000, hours);
  const found = [at(21, 59), at(22), at(0), at(5, 30), at(6), at(8, 29), at(8, 30)].map(rate);
  expect(found).toEqual([1000, 100e6, 100e6, 100e6, 50e6, 50e6, 1000]);
  expect(rateOf(Number.POSITIVE_INFINITY, [])(at(3))).toBe(Number.POSITIVE_INFINITY);
});

test("bytes a second", () => {
  expect(["7", "500K", "20M", "1G", "0", "1.5M", "fast", ""].map(parseBytesPerSecond)).toEqual([
    ...[7, 500e3, 20e6, 1e9],
    ...[undefined, undefined, undefined, undefined],
  ]);
});

test.each([
  "",
  "22-06 1M",
  "22:00-06:00",
  "24:00-06:00 1M",
  "22:60-06:00 1M",
  "22:00-06:00 fast",
  "22:00 - 06:00 1M",
])("%j are no hours", (text) => {
  expect(parseRateHours(text)).toBeUndefined();
});
