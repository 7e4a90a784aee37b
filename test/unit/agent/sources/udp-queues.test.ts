import { expect, test } from "vitest";
import { udpQueues } from "../../../../agent/sources/udp-queues.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("bytes that wait, by protocol and direction", async () => {
  const files = { "/proc/net/udp6": "  sl  local_address\n" };

  expect(sampleLines(await openSource(udpQueues)(tickIn(files))).sort()).toEqual([
    'node_udp_queues{ip="v4",queue="rx"} 768',
    'node_udp_queues{ip="v4",queue="tx"} 0',
    'node_udp_queues{ip="v6",queue="rx"} 0',
    'node_udp_queues{ip="v6",queue="tx"} 0',
  ]);
  expect(await openSource(udpQueues)(tickIn())).toHaveLength(2);
});
