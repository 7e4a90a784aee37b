import { expect, it } from "vitest";
import { parseMemoryStat } from "../../../../../core/kernel/cgroup/memory-detail.ts";

const KEYS = { total_rss: "anonBytes", total_cache: "fileBytes" } as const;

it("takes the keys it was given, whole, and leaves out those that are not there", () => {
  const text = "rss 1\ntotal_rss 2\ntotal_rss_huge 3\n";
  expect(parseMemoryStat(text, "f", KEYS)).toEqual({ anonBytes: 2 });
});

it("refuses a line that is no pair", () => {
  expect(() => parseMemoryStat("total_rss\n", "f", KEYS)).toThrow('f:1: cannot parse "total_rss"');
});
