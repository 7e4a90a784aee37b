import { expect, test } from "vitest";
import { tcpstat } from "../../../../agent/sources/tcpstat.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue\n";
const socket = (state: string) =>
  `   0: 0100007F:2479 00000000:0000 ${state} 00000001:00000002 00:00000000 0\n`;

test("connections of both protocols by state, those there are, and what is queued", async () => {
  const files = {
    "/proc/net/tcp": HEAD + socket("0A") + socket("01") + socket("01"),
    "/proc/net/tcp6": HEAD + socket("06") + socket("0A"),
  };

  expect(sampleLines(await openSource(tcpstat)(tickIn(files))).sort()).toEqual([
    'node_tcp_connection_states{state="established"} 2',
    'node_tcp_connection_states{state="listen"} 2',
    'node_tcp_connection_states{state="rx_queued_bytes"} 10',
    'node_tcp_connection_states{state="time_wait"} 1',
    'node_tcp_connection_states{state="tx_queued_bytes"} 5',
  ]);
  expect(tcpstat.isOn).toBe(false);
});
