import { expect, test } from "vitest";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "../../../../collector/latest.ts";
import { serviceDiscoveryRoute } from "../../../../collector/routes/service-discovery.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";

test("every machine that has its address is a target", async () => {
  const clock = new ManualClock();
  const latest = new LatestStore(DEFAULT_LATEST_LIMITS, clock);
  const { inventory } = await openTestData(clock);
  for (const ip of ["10.0.0.7", "fd00::7", "10.0.0.9"]) {
    inventory.observe(ip, undefined);
    const series = [gauge("load", { instance: ip, ip, hostname: "web" })];
    latest.store(latest.shapes.read({ machine: ip, series }));
  }
  await inventory.release("10.0.0.9", "released");
  const route = serviceDiscoveryRoute(latest, inventory, { state: () => "reporting" });

  const { text, headers } = await askRoute(route, {}, { port: "9400" });
  expect(headers).toEqual({ "content-type": "application/json" });
  const labels = (ip: string) => ({
    __meta_plimsoll_ip: ip,
    __meta_plimsoll_hostname: "web",
    __meta_plimsoll_state: "reporting",
  });
  expect(JSON.parse(text)).toEqual([
    { targets: ["10.0.0.7:9400"], labels: labels("10.0.0.7") },
    { targets: ["[fd00::7]:9400"], labels: labels("fd00::7") },
  ]);
  expect((await askRoute(route)).text).toContain('"10.0.0.7:9100"');
  await expect(askRoute(route, {}, { port: "x" })).rejects.toMatchObject({ status: 400 });
});
