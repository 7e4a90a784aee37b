import { expect, test } from "vitest";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "../../../../collector/latest.ts";
import { machineRoutes } from "../../../../collector/routes/machines.ts";
import type { Series } from "../../../../core/metrics/series.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";

const clock = new ManualClock(Date.UTC(2026, 0, 1));
const latest = new LatestStore(DEFAULT_LATEST_LIMITS, clock);
const identity = { instance: "10.0.0.7", hostname: "web-7" };
const put = (machine: string, ...series: Series[]): void =>
  latest.store(latest.shapes.read({ machine, series }));
put(
  "10.0.0.7",
  gauge("a", { ...identity, cpu: "0" }, 1, 5),
  gauge("b", { ...identity, cpu: "1" }, Number.NaN, 6),
);
put("fd00::1");
const [list, one] = machineRoutes(latest);

async function ask(route: typeof list, params = {}): Promise<unknown> {
  return JSON.parse((await askRoute(route, params)).text);
}

const SEEN = { firstSeen: "2026-01-01T00:00:00.000Z", lastSeen: "2026-01-01T00:00:00.000Z" };
const WEB_7 = { ip: "10.0.0.7", ...SEEN, seriesCount: 2, labels: identity };

test("every machine, with the labels all its series share", async () => {
  expect(await ask(list)).toEqual({
    machines: [WEB_7, { ip: "fd00::1", ...SEEN, seriesCount: 0, labels: {} }],
  });
});

test("one machine, with its latest values", async () => {
  expect(await ask(one, { ip: "10.0.0.7" })).toEqual({
    ...WEB_7,
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
