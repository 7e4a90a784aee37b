import { DecodeError } from "../../core/metrics/decode-error.ts";
import { renderHeader, renderPairs, renderValue, TEXT_CONTENT_TYPE } from "../../core/metrics/exposition.ts";
import { mergedLabels } from "../../core/metrics/labels.ts";
import type { Catalog } from "../catalog.ts";
import { Refusal, type Route } from "../http/route.ts";
import type { LatestStore } from "../latest.ts";
import { parseSelector, type Selector } from "../selector.ts";

/** `GET /federate?match[]=…`: the series that any of the selectors picks, each with the time of its sample. */
export function federateRoute(latest: LatestStore, catalog: Catalog): Route {
  return {
    method: "GET",
    path: "/federate",
    summary: 'the latest values with their times, of ?match[]={__name__=~"node_.*"} (Prometheus text)',
    handle: ({ query }) => {
      const selectors = query.getAll("match[]").map(parse);
      const headers = { "content-type": TEXT_CONTENT_TYPE };
      return { status: 200, headers, body: lines(latest, catalog, selectors) };
    },
  };
}

function parse(text: string): Selector {
  try {
    return parseSelector(text);
  } catch (error) {
    throw error instanceof DecodeError ? new Refusal(400, error.message) : error;
  }
}

function* lines(latest: LatestStore, catalog: Catalog, selectors: readonly Selector[]): Generator<string> {
  if (selectors.length === 0) return;
  for (const { name, members } of latest.families((series) => catalog.describe(series).kind)) {
    const { kind, help } = catalog.describe(name);
    let text = "";
    for (const { shape, identity, value, timestampMs } of members()) {
      const labels = mergedLabels(shape.labels, identity);
      if (!selectors.some((selects) => selects(shape.name, labels))) continue;
      text += `${shape.name}{${renderPairs(labels)}} ${renderValue(value)} ${timestampMs}\n`;
    }
    if (text !== "") yield renderHeader(name, kind, help) + text;
  }
}
