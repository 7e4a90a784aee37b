import { afterAll, expect, test } from "vitest";
import { openFleet } from "../../../../collector/capacity/fleet.ts";
import { archiveReader } from "../../../../collector/history/archive-reader.ts";
import { Recent } from "../../../../collector/recent/recent.ts";
import { capacityRoute } from "../../../../collector/routes/capacity.ts";
import { Shapes } from "../../../../collector/shapes.ts";
import { isCounter, openTestArchive } from "../../../support/archive-with.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";
import { recordLog } from "../../../support/record-log.ts";
import { waitFor } from "../../../support/wait-for.ts";

const clock = new ManualClock(Date.UTC(2026, 0, 8, 0, 30));
const data = await openTestData(clock);
const { archive, put } = openTestArchive(clock);
const recent = new Recent();
const identity = { instance: "10.0.0.7", business: "shop" };
const series = [
  gauge("node_memory_MemTotal_bytes", identity, 100, Date.UTC(2026, 0, 8, 0, 10)),
  gauge("node_memory_MemAvailable_bytes", identity, 25, Date.UTC(2026, 0, 8, 0, 10)),
];
await put(...series);
data.inventory.observe("10.0.0.7", {
  ...{ owner: "o", generation: 1, container: "c", image: undefined, host: "h1" },
});
recent.observe(new Shapes().read({ machine: "10.0.0.7", series }));
let asked: { cpu: number; memory: number; disk: number } | undefined;
const fleet = openFleet({
  ...{ reader: archiveReader(archive, isCounter), inventory: data.inventory, recent },
  ...{ businessLabel: "business", clock, log: recordLog(), requested: () => asked },
});
afterAll(async () => {
  await fleet.close();
  await data.close();
});
const surveyed = () => waitFor("its week", () => fleet.members("ip").members.length === 1);

test("machines by their business, their host, their address, or any label", async () => {
  await surveyed();
  for (const [by, group] of [
    ["business", "shop"],
    ["host", "h1"],
    ["ip", "10.0.0.7"],
    ["colour", "(none)"],
  ] as const) {
    expect(fleet.members(by).members.map((one) => one.group)).toEqual([group]);
  }
});

test("the fleet in metrics: by business, and by host", async () => {
  await surveyed();
  const limits = [...fleet.series(1)].filter(({ name }) => name === "plimsoll_capacity_memory_limit_bytes");
  expect(limits.map(({ labels, samples }) => [labels.by, labels.group, samples[0]?.value])).toEqual([
    ["business", "shop", 100],
    ["host", "h1", 100],
  ]);
});

test("the route tells whatever grouping is asked for, and how many are still to be read", async () => {
  await surveyed();
  data.inventory.observe("10.0.0.8", undefined);
  await clock.advance(10_000);
  const capacity = JSON.parse((await askRoute(capacityRoute(fleet), {}, { by: "host" })).text);
  expect(capacity).toMatchObject({
    ...{ by: "host", days: 7, stepSeconds: 900, machines: 2, surveyed: 1 },
    all: { name: "all", machines: 1 },
    groups: [{ name: "h1", resources: [{ resource: "memory", limit: 100, used: { p95: 75 } }] }],
  });
  expect(JSON.parse((await askRoute(capacityRoute(fleet))).text).groups[0].name).toBe("shop");
});

test("what was asked for, as long as somebody says so, also of what was read before", async () => {
  await surveyed();
  const requested = () => fleet.members("ip").members[0]?.usage.memory?.requested;
  expect(requested()).toBe(100);
  asked = { cpu: 1, memory: 64, disk: 7 };
  expect(requested()).toBe(64);
  expect(fleet.members("ip").members[0]?.usage.disk).toBeUndefined();
  asked = undefined;
  expect(requested()).toBe(100);
});
