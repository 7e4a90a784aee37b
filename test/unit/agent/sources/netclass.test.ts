import { expect, test } from "vitest";
import { netclass } from "../../../../agent/sources/netclass.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("the attributes there are, by node_exporter's names; no speed for a device without one", async () => {
  const lines = sampleLines(await openSource(netclass)(tickIn()));

  expect(lines).toContain('node_network_up{device="eth0"} 1');
  expect(lines).toContain('node_network_up{device="lo"} 0');
  expect(lines).toContain('node_network_flags{device="eth0"} 4099');
  expect(lines).toContain('node_network_carrier_changes_total{device="eth0"} 2');
  expect(lines).toContain(
    'node_network_info{address="02:fc:00:00:00:07",device="eth0",duplex="full",operstate="up"} 1',
  );
  expect(lines.filter((line) => line.includes("speed"))).toEqual([
    'node_network_speed_bytes{device="eth0"} 1250000000',
  ]);
});

test("once a minute unless told otherwise, and filtered", async () => {
  const series = await openSource(netclass, { include: "^eth" })(tickIn());

  expect(new Set(series.map(({ labels }) => labels.device))).toEqual(new Set(["eth0"]));
  expect(netclass.intervalMs).toBe(60_000);
});

test("a device that is down answers some with EINVAL; an attribute that is no number is an error", async () => {
  const { read } = tickIn();
  const failing = (path: string) =>
    path.endsWith("carrier") ? Promise.reject(Object.assign(new Error("x"), { code: "EINVAL" })) : read(path);
  const lines = sampleLines(await openSource(netclass)(tickIn({}, { read: failing })));

  expect(lines.filter((line) => line.includes("carrier{"))).toEqual([]);
  await expect(openSource(netclass)(tickIn({ "/sys/class/net/lo/mtu": "x\n" }))).rejects.toThrow(
    '/sys/class/net/lo/mtu: "x" is not a number',
  );
  const denied = () => Promise.reject(Object.assign(new Error("denied"), { code: "EACCES" }));
  await expect(openSource(netclass)(tickIn({}, { read: denied }))).rejects.toThrow("denied");
});
