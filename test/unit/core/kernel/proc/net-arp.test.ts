import { describe, expect, it } from "vitest";
import { parseNetArp } from "../../../../../core/kernel/proc/net-arp.ts";

const HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n";

describe("parseNetArp", () => {
  it("reads address and device", () => {
    const line = "10.0.0.1         0x1         0x2         02:fc:00:00:00:02     *        eth0\n";

    expect(parseNetArp(HEAD + line)).toEqual([{ address: "10.0.0.1", device: "eth0" }]);
    expect(parseNetArp(HEAD)).toEqual([]);
  });

  it("refuses a line that is cut", () => {
    expect(() => parseNetArp(`${HEAD}10.0.0.1 0x1\n`)).toThrow("net/arp:2: ");
  });
});
