import { expect, test } from "vitest";
import { arp } from "../../../../agent/sources/arp.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

const line = (device: string) => `10.0.0.1 0x1 0x2 02:fc:00:00:00:02 * ${device}\n`;

test("entries by device, filtered", async () => {
  const files = { "/proc/net/arp": `IP address …\n${line("eth0")}${line("eth0")}${line("eth1")}` };

  expect(sampleLines(await openSource(arp)(tickIn(files)))).toEqual([
    'node_arp_entries{device="eth0"} 2',
    'node_arp_entries{device="eth1"} 1',
  ]);
  expect(sampleLines(await openSource(arp, { exclude: "0$" })(tickIn(files)))).toEqual([
    'node_arp_entries{device="eth1"} 1',
  ]);
});
