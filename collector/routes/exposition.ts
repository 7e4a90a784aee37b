import {
  groupByFamily,
  renderHeader,
  renderPairs,
  renderSample,
  renderValue,
  TEXT_CONTENT_TYPE,
} from "../../core/metrics/exposition.ts";
import type { Labels, Series } from "../../core/metrics/series.ts";
import type { Catalog } from "../catalog.ts";
import type { Route } from "../http/route.ts";
import type { LatestFamily, LatestStore } from "../latest.ts";
import type { Telemetry } from "../telemetry.ts";

/** Characters of one piece: what is in memory of the page at a time. */
const PIECE = 32_768;

/** Every machine's latest values and the collector's own, on one page. */
export function expositionRoute(latest: LatestStore, catalog: Catalog, telemetry: Telemetry): Route {
  return {
    method: "GET",
    path: "/metrics",
    summary: "the latest values of every machine, and the collector's own",
    handle: async () => {
      const own = await telemetry.series();
      const headers = { "content-type": TEXT_CONTENT_TYPE };
      return { status: 200, headers, body: pieces(lines(own, latest, catalog)) };
    },
  };
}

/** A family of both, such as that of a collector that pushes to this one, stands once. */
function* lines(own: readonly Series[], latest: LatestStore, catalog: Catalog): Generator<string> {
  const ours = new Map(groupByFamily(own));
  for (const family of latest.families((name) => catalog.describe(name).kind)) {
    const { kind, help } = ours.get(family.name)?.[0] ?? catalog.describe(family.name);
    yield* withHeader(
      renderHeader(family.name, kind, help),
      [...(ours.get(family.name) ?? []).map(renderSample)],
      family,
    );
    ours.delete(family.name);
  }
  for (const [name, members] of ours) {
    const [first] = members;
    yield renderHeader(name, first?.kind ?? "unknown", first?.help ?? "");
    for (const one of members) yield renderSample(one);
  }
}

/** Nothing for a family whose every series has fallen silent. */
function* withHeader(header: string, first: readonly string[], family: LatestFamily): Generator<string> {
  let isFirst = true;
  for (const line of first.values()) {
    if (isFirst) yield header;
    isFirst = false;
    yield line;
  }
  let shape: object | undefined;
  let own = "";
  for (const member of family.members()) {
    if (isFirst) yield header;
    isFirst = false;
    if (member.shape !== shape) own = renderPairs(member.shape.labels);
    shape = member.shape;
    const identity = pairsOf(member.identity);
    const comma = own === "" || identity === "" ? "" : ",";
    yield `${member.shape.name}{${own}${comma}${identity}} ${renderValue(member.value)}\n`;
  }
}

/** A machine's labels stand on each of its lines, and stay the same object. */
const rendered = new WeakMap<Labels, string>();

function pairsOf(identity: Labels): string {
  const known = rendered.get(identity);
  if (known !== undefined) return known;
  const pairs = renderPairs(identity);
  rendered.set(identity, pairs);
  return pairs;
}

function* pieces(lines: Iterable<string>): Generator<string> {
  let piece = "";
  for (const line of lines) {
    piece += line;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}
