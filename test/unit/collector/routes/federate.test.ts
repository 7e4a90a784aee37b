import { expect, test } from "vitest";
import { Catalog } from "../../../../collector/catalog.ts";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "../../../../collector/latest.ts";
import { federateRoute } from "../../../../collector/routes/federate.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";

const latest = new LatestStore(DEFAULT_LATEST_LIMITS, new ManualClock());
const catalog = new Catalog();
catalog.learn([{ name: "load", kind: "gauge", help: "Load." }]);
for (const ip of ["10.0.0.7", "10.0.0.8"]) {
  const series = ["load", "other"].map((name) => gauge(name, { instance: ip, a: '"' }, 0.5, 1000));
  latest.store(latest.shapes.read({ machine: ip, series }));
}
const route = federateRoute(latest, catalog);

test("what is asked for, each with its time; nothing where nothing is", async () => {
  const { text, headers } = await askRoute(route, {}, { "match[]": 'load{instance=~".*7"}' });
  expect(headers?.["content-type"]).toContain("version=0.0.4");
  expect(text).toBe('# HELP load Load.\n# TYPE load gauge\nload{a="\\"",instance="10.0.0.7"} 0.5 1000\n');
  expect((await askRoute(route)).text).toBe("");
  await expect(askRoute(route, {}, { "match[]": "{" })).rejects.toMatchObject({ status: 400 });
});
