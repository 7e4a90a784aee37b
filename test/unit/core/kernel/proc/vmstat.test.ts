import { describe, expect, it } from "vitest";
import { parseVmstat } from "../../../../../core/kernel/proc/vmstat.ts";

describe("parseVmstat", () => {
  it("reads what is wanted", () => {
    expect([...parseVmstat("pgpgin 5\npgfault 7\n")]).toEqual([
      ["pgpgin", 5],
      ["pgfault", 7],
    ]);
    expect([...parseVmstat("pgpgin 5\npgfault 7\n", "x", (name) => name === "pgfault")]).toEqual([
      ["pgfault", 7],
    ]);
  });

  it.each(["\n", "pgpgin\n", "pgpgin x\n"])("refuses %j", (text) =>
    expect(() => parseVmstat(text)).toThrow("vmstat:1: "),
  );
});
