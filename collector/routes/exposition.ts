import { renderFamilies, TEXT_CONTENT_TYPE } from "../../core/metrics/exposition.ts";
import type { Series } from "../../core/metrics/series.ts";
import type { Catalog } from "../catalog.ts";
import type { Route } from "../http/route.ts";
import type { LatestStore } from "../latest.ts";
import type { Telemetry } from "../telemetry.ts";

/** Every machine's latest values and the collector's own, on one page: one renderer, so no family stands twice. */
export function expositionRoute(latest: LatestStore, catalog: Catalog, telemetry: Telemetry): Route {
  return {
    method: "GET",
    path: "/metrics",
    summary: "the latest values of every machine, and the collector's own",
    handle: async () => {
      const own = await telemetry.series();
      const headers = { "content-type": TEXT_CONTENT_TYPE };
      return { status: 200, headers, body: renderFamilies(everySeries(own, latest, catalog)) };
    },
  };
}

function* everySeries(own: readonly Series[], latest: LatestStore, catalog: Catalog): Generator<Series> {
  yield* own;
  for (const { series } of latest.machines()) {
    for (const { name, labels, sample } of series) {
      yield { ...catalog.describe(name), name, labels, samples: [sample] };
    }
  }
}
