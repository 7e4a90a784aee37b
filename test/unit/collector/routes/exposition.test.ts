import { expect, test } from "vitest";
import { Catalog } from "../../../../collector/catalog.ts";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "../../../../collector/latest.ts";
import { expositionRoute } from "../../../../collector/routes/exposition.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";

test("one page, each family once, the collector's own among the others", async () => {
  const latest = new LatestStore(DEFAULT_LATEST_LIMITS, new ManualClock());
  const catalog = new Catalog();
  catalog.learn([{ name: "load", kind: "gauge", help: "Load." }]);
  for (const ip of ["10.0.0.7", "10.0.0.8"]) {
    const series = [gauge("load", { instance: ip }), gauge("own", { instance: ip }, 2)];
    latest.store(latest.shapes.read({ machine: ip, series }));
  }
  const telemetry = { series: async () => [gauge("own", {}, 3)] };
  const { headers, text } = await askRoute(expositionRoute(latest, catalog, telemetry));

  expect(headers).toEqual({ "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  expect(text).toBe(
    [
      "# HELP load Load.",
      "# TYPE load gauge",
      'load{instance="10.0.0.7"} 1',
      'load{instance="10.0.0.8"} 1',
      "# HELP own About own.",
      "# TYPE own gauge",
      "own 3",
      'own{instance="10.0.0.7"} 2',
      'own{instance="10.0.0.8"} 2',
      "",
    ].join("\n"),
  );
});
