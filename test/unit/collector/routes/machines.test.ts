import { expect, test } from "vitest";
import type { Epoch } from "../../../../collector/inventory/history-record.ts";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "../../../../collector/latest.ts";
import { machineRoutes } from "../../../../collector/routes/machines.ts";
import type { Series } from "../../../../core/metrics/series.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";

const clock = new ManualClock(Date.UTC(2026, 0, 1));
const latest = new LatestStore(DEFAULT_LATEST_LIMITS, clock);
const { inventory } = await openTestData(clock);
const identity = { instance: "10.0.0.7", hostname: "web-7" };
const epoch = { owner: "o", generation: 1, container: "c", image: "i", host: undefined };
function put(machine: string, who: Epoch | undefined, ...series: Series[]): void {
  inventory.observe(machine, who);
  latest.store(latest.shapes.read({ machine, series }));
}
put(
  "10.0.0.7",
  epoch,
  gauge("a", { ...identity, cpu: "0" }, 1, 5),
  gauge("b", { ...identity, cpu: "1" }, Number.NaN, 6),
);
put("fd00::1", undefined);
await clock.advance(1000);
inventory.observe("10.0.0.7", { ...epoch, container: "d" });
const [list, one] = machineRoutes(latest, inventory, { state: () => "reporting" });

async function ask(route: typeof list, params = {}): Promise<unknown> {
  return JSON.parse((await askRoute(route, params)).text);
}

const START = "2026-01-01T00:00:00.000Z";
const LATER = "2026-01-01T00:00:01.000Z";
const WEB_7 = {
  ...{
    ip: "10.0.0.7",
    state: "reporting",
    owner: "o",
    firstSeen: START,
    lastSeen: LATER,
    generations: 2,
    seriesCount: 2,
  },
  labels: identity,
};

test("every machine, with the labels all its series share", async () => {
  expect(await ask(list)).toEqual({
    machines: [
      WEB_7,
      {
        ip: "fd00::1",
        state: "reporting",
        firstSeen: START,
        lastSeen: START,
        generations: 0,
        seriesCount: 0,
        labels: {},
      },
    ],
  });
});

test("one machine: all it has been, and its latest values", async () => {
  const about = { generation: 1, image: "i" };
  expect(await ask(one, { ip: "10.0.0.7" })).toEqual({
    ...WEB_7,
    histories: [
      {
        ...{ history: 1, owner: "o", firstSeen: START, lastSeen: LATER },
        generations: [
          { ...about, container: "c", started: START, ended: LATER, why: "rebuilt" },
          { ...about, container: "d", started: LATER },
        ],
      },
    ],
    values: [
      { name: "a", labels: { ...identity, cpu: "0" }, timestampMs: 5, value: 1 },
      { name: "b", labels: { ...identity, cpu: "1" }, timestampMs: 6, value: "NaN" },
    ],
  });
});

test("an address in another spelling is the same machine; one that is unknown is not found", async () => {
  expect(await ask(one, { ip: "FD00:0::1" })).toMatchObject({ ip: "fd00::1" });
  await expect(ask(one, { ip: "10.0.0.8" })).rejects.toMatchObject({ status: 404 });
  await expect(ask(one, { ip: "web-7" })).rejects.toThrow("nothing has been heard of web-7");
});
