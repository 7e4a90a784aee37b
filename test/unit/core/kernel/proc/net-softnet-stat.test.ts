import { describe, expect, it } from "vitest";
import { parseNetSoftnetStat } from "../../../../../core/kernel/proc/net-softnet-stat.ts";

const row = (...fields: readonly string[]) => `${fields.join(" ")}\n`;

describe("parseNetSoftnetStat", () => {
  it("reads hexadecimal rows, and the CPU's number where the kernel names it", () => {
    const zeros = Array.from({ length: 9 }, () => "00000000");
    const text = row("000000ff", "00000001", "00000004", ...zeros, "00000003");

    expect(parseNetSoftnetStat(text)).toEqual([{ cpu: 3, processed: 255, dropped: 1, timesSqueezed: 4 }]);
    expect(parseNetSoftnetStat(row("1", "2", "3") + row("4", "5", "6"))).toMatchObject([
      { cpu: 0 },
      { cpu: 1 },
    ]);
  });

  it.each(["\n", "1 2\n", "1 2 g\n"])("refuses %j", (text) =>
    expect(() => parseNetSoftnetStat(text)).toThrow("net/softnet_stat:1: "),
  );
});
