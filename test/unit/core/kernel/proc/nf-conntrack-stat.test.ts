import { describe, expect, it } from "vitest";
import { parseNfConntrackStat } from "../../../../../core/kernel/proc/nf-conntrack-stat.ts";

describe("parseNfConntrackStat", () => {
  it("adds up the CPUs", () => {
    expect([...parseNfConntrackStat("entries  found\n0000000a  00000001\n0000000a  00000002\n")]).toEqual([
      ["entries", 20],
      ["found", 3],
    ]);
  });

  it.each(["", "a b\n1\n", "a\nx\n"])("refuses %j", (text) =>
    expect(() => parseNfConntrackStat(text)).toThrow("net/stat/nf_conntrack:"),
  );
});
