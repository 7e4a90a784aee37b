import { describe, expect, it } from "vitest";
import { parseNetSockstat } from "../../../../../core/kernel/proc/net-sockstat.ts";

describe("parseNetSockstat", () => {
  it("reads pairs by protocol", () => {
    const uses = parseNetSockstat("sockets: used 15\nTCP: inuse 1 orphan 0 tw 2 alloc 1 mem 157\n");

    expect(uses.map(({ protocol, counts }) => [protocol, Object.fromEntries(counts)])).toEqual([
      ["sockets", { used: 15 }],
      ["TCP", { inuse: 1, orphan: 0, tw: 2, alloc: 1, mem: 157 }],
    ]);
    expect(parseNetSockstat("")).toEqual([]);
  });

  it.each(["\n", "TCP:\n", "TCP: inuse\n", "TCP: inuse x\n"])("refuses %j", (text) =>
    expect(() => parseNetSockstat(text)).toThrow("net/sockstat:1: "),
  );
});
