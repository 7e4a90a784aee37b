import { expect, test } from "vitest";
import { netstat } from "../../../../agent/sources/netstat.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("node_exporter's choice of counters, as untyped", async () => {
  const series = await openSource(netstat)(tickIn());
  const lines = sampleLines(series);

  expect(lines).toContain("node_netstat_Ip_Forwarding 1");

  expect(lines.map((line) => line.split(" ")[0])).toEqual(
    expect.arrayContaining(["node_netstat_TcpExt_ListenDrops", "node_netstat_Ip6_InOctets"]),
  );
  expect(lines).toHaveLength(40);
  expect(new Set(series.map(({ kind }) => kind))).toEqual(new Set(["unknown"]));
  expect(series.find(({ name }) => name.endsWith("Forwarding"))?.help).toBe("Statistic IpForwarding.");
});

test("other counters where they are asked for, and no IPv6 where there is none", async () => {
  const ask = openSource(netstat, { fields: "^(Tcp_MaxConn|Ip6_InReceives)$" });
  const read = async (path: string) =>
    path.endsWith("6")
      ? Promise.reject(Object.assign(new Error("none"), { code: "ENOENT" }))
      : tickIn().read(path);

  expect(sampleLines(await ask(tickIn()))).toEqual([
    "node_netstat_Ip6_InReceives 1212",
    "node_netstat_Tcp_MaxConn -1",
  ]);
  expect(sampleLines(await ask(tickIn({}, { read })))).toEqual(["node_netstat_Tcp_MaxConn -1"]);
});
