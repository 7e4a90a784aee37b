import { expect, test } from "vitest";
import { netdev } from "../../../../agent/sources/netdev.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("all sixteen columns of each device, in the kernel's own words", async () => {
  const lines = sampleLines(await openSource(netdev)(tickIn())).filter((line) => line.includes('"eth0"'));

  expect(lines.map((line) => line.replace('{device="eth0"}', ""))).toEqual([
    "node_network_receive_bytes_total 263572994",
    "node_network_receive_compressed_total 5",
    "node_network_receive_drop_total 2",
    "node_network_receive_errs_total 1",
    "node_network_receive_fifo_total 3",
    "node_network_receive_frame_total 4",
    "node_network_receive_multicast_total 6",
    "node_network_receive_packets_total 7200",
    "node_network_transmit_bytes_total 579961",
    "node_network_transmit_carrier_total 11",
    "node_network_transmit_colls_total 10",
    "node_network_transmit_compressed_total 12",
    "node_network_transmit_drop_total 8",
    "node_network_transmit_errs_total 7",
    "node_network_transmit_fifo_total 9",
    "node_network_transmit_packets_total 4410",
  ]);
});

test("filtered by name", async () => {
  const devices = async (options: Record<string, string>) =>
    new Set((await openSource(netdev, options)(tickIn())).map(({ labels }) => labels.device));

  expect(await devices({ exclude: "^lo$" })).toEqual(new Set(["eth0"]));
  expect(await devices({ include: "^lo$" })).toEqual(new Set(["lo"]));
});
