import { describe, expect, it } from "vitest";
import { parseNetSnmp, WantedColumns } from "../../../../../core/kernel/proc/net-snmp.ts";

const TEXT = "Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoMin MaxConn\nTcp: 200 -1\n";

describe("parseNetSnmp", () => {
  it("pairs names and values", () => {
    expect(parseNetSnmp(TEXT)).toEqual([
      ["Ip_Forwarding", 1],
      ["Ip_DefaultTTL", 64],
      ["Tcp_RtoMin", 200],
      ["Tcp_MaxConn", -1],
    ]);
  });

  it("takes the wanted columns, and follows a kernel that has more of them", () => {
    const wanted = new WantedColumns((name) => name.endsWith("Conn"));
    expect(parseNetSnmp(TEXT, "x", wanted)).toEqual([["Tcp_MaxConn", -1]]);
    expect(parseNetSnmp("Tcp: New MaxConn\nTcp: 5 6\n", "x", wanted)).toEqual([["Tcp_MaxConn", 6]]);
    expect(parseNetSnmp(TEXT, "x", wanted)).toEqual([["Tcp_MaxConn", -1]]);
  });

  it.each([
    "Ip: A B\n",
    "Ip: A B\nIp: 1\n",
    "Ip: A\nTcp: 1\n",
    "Ip A\nIp 1\n",
    "Ip: A\nIp: x\n",
    "Ip: A\nIp: 1 2\n",
    "\n\n",
  ])("refuses %j", (text) => expect(() => parseNetSnmp(text)).toThrow("net/snmp:"));
});
