import { expect, test } from "vitest";
import { sockstat } from "../../../../agent/sources/sockstat.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("each protocol's sockets by state, memory in pages and in bytes", async () => {
  const files = { "/proc/net/sockstat": "sockets: used 15\nTCP: inuse 1 orphan 0 tw 2 alloc 1 mem 157\n" };
  const lines = sampleLines(await openSource(sockstat)(tickIn({ ...files, "/proc/net/sockstat6": "" })));

  expect(lines).toEqual([
    "node_sockstat_TCP_alloc 1",
    "node_sockstat_TCP_inuse 1",
    "node_sockstat_TCP_mem 157",
    "node_sockstat_TCP_mem_bytes 643072",
    "node_sockstat_TCP_orphan 0",
    "node_sockstat_TCP_tw 2",
    "node_sockstat_sockets_used 15",
  ]);
  expect(sampleLines(await openSource(sockstat)(tickIn()))).toContain("node_sockstat_FRAG6_memory 0");
});
