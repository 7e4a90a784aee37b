import { describe, expect, it } from "vitest";
import { parseNetSnmp6 } from "../../../../../core/kernel/proc/net-snmp6.ts";

describe("parseNetSnmp6", () => {
  const text =
    "Ip6InReceives                   \t12\nIcmp6OutMsgs                    \t3\nUdpLite6InErrors \t0\n";

  it("divides protocol and name", () => {
    expect(parseNetSnmp6(text)).toEqual([
      ["Ip6_InReceives", 12],
      ["Icmp6_OutMsgs", 3],
      ["UdpLite6_InErrors", 0],
    ]);
  });

  it("takes what is wanted", () => {
    expect(parseNetSnmp6(text, "x", (name) => name.startsWith("Icmp6"))).toEqual([["Icmp6_OutMsgs", 3]]);
  });

  it.each(["\n", "Ip6InReceives\n", "IpInReceives 1\n", "Ip6InReceives -1\n"])("refuses %j", (line) =>
    expect(() => parseNetSnmp6(line)).toThrow("net/snmp6:1: "),
  );
});
