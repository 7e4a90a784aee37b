import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { Recent } from "../../../../collector/recent/recent.ts";
import { overviewRoute } from "../../../../collector/routes/overview.ts";
import { Shapes } from "../../../../collector/shapes.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";

const clock = new ManualClock(Date.UTC(2026, 0, 1));
const data = await openTestData(clock);
afterAll(() => data.close());
const recent = new Recent();
const route = overviewRoute({ ...data, recent, watch: { state: () => "reporting" }, clock });

const identity = { instance: "10.0.0.7", ip: "10.0.0.7", hostname: "shop-1" };
data.inventory.observe("10.0.0.7", {
  ...{ owner: "o", generation: 1, container: "c", image: undefined, host: "h1" },
});
data.inventory.observe("10.0.0.8", undefined);
const filesystem = (what: string, bytes: number) =>
  gauge(`node_filesystem_${what}_bytes`, { ...identity, mountpoint: "/" }, bytes, clock.nowMs());
const series = [
  gauge("node_memory_MemTotal_bytes", identity, 1000, clock.nowMs()),
  gauge("node_memory_MemAvailable_bytes", identity, 250, clock.nowMs()),
  ...[filesystem("size", 300), filesystem("avail", 100)],
];
recent.observe(new Shapes().read({ machine: "10.0.0.7", series }));

test("a machine as the list shows it, and one of which nothing is known but that it is there", async () => {
  const { at, stepSeconds, machines } = JSON.parse((await askRoute(route)).text);
  expect({ at, stepSeconds }).toEqual({ at: "2026-01-01T00:00:00.000Z", stepSeconds: 60 });
  expect(machines).toEqual([
    {
      ...{ ip: "10.0.0.7", name: "shop-1", host: "h1", state: "reporting", generations: 1 },
      lastSeen: at,
      ...{ cpu: null, memory: 0.75, disk: 0.6667, networkBytesPerSecond: null },
      cpuCourse: Array(60).fill(null),
      memoryCourse: [...Array(59).fill(null), 75],
    },
    {
      ...{ ip: "10.0.0.8", name: null, host: null, state: "reporting", generations: 0 },
      lastSeen: at,
      ...{ cpu: null, memory: null, disk: null, networkBytesPerSecond: null },
      ...{ cpuCourse: [], memoryCourse: [] },
    },
  ]);
});

test("compressed for who can read that", async () => {
  const request = {
    ...{ peer: "::1", params: {}, query: new URLSearchParams() },
    readBody: async () => Buffer.alloc(0),
  };
  const { headers, body } = await route.handle({ ...request, headers: { "accept-encoding": "gzip, br" } });
  expect(headers).toMatchObject({ "content-encoding": "gzip", vary: "accept-encoding" });
  expect(JSON.parse(gunzipSync(body as Uint8Array).toString()).machines).toHaveLength(2);
});
