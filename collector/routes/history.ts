import { renderValue } from "../../core/metrics/exposition.ts";
import type { Labels } from "../../core/metrics/series.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import {
  type Comparison,
  type Course,
  compareCourses,
  readMeasure,
  wholeWindows,
} from "../compare/compare.ts";
import { MEASURES } from "../compare/measures.ts";
import type { Samples } from "../history/buckets.ts";
import type { HistoryReader, Measured, SeriesName, Wanted } from "../history/reader.ts";
import { jsonReply, Refusal, type Reply, type Route, type RouteRequest } from "../http/route.ts";
import { canonicalAddress } from "../identity.ts";
import type { History } from "../inventory/history-record.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Timeline } from "../inventory/timeline.ts";
import { iso, readDuration, readRange } from "./time.ts";

export interface HistoryParts {
  readonly inventory: Inventory;
  readonly timeline: Timeline;
  /** Undefined where no history is kept. */
  readonly reader: HistoryReader | undefined;
  readonly clock: Clock;
}

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
/** More than a page can show, and less than a reader can take down the service with. */
const MAX_SERIES = 500;
const MAX_POINTS = 11_000;
const MAX_EVENTS = 1000;

/** What has been: series, the comparison with another time, events, of one machine. */
export function historyRoutes(parts: HistoryParts): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/v1/machines/{ip}/series",
      summary: "?name=node_load1[&LABEL=VALUE…]&from=6h&to=…&step=1m: samples, or windows of a step (JSON)",
      handle: (request) => seriesReply(parts, request),
    },
    {
      method: "GET",
      path: "/api/v1/machines/{ip}/compare",
      summary: "?with=7d&metric=cpu|memory|disk|network&from=1d&step=5m: now against then (JSON)",
      handle: (request) => compareReply(parts, request),
    },
    {
      method: "GET",
      path: "/api/v1/machines/{ip}/events",
      summary: "?from=30d&limit=100: what happened to the machine (JSON)",
      handle: (request) => eventsReply(parts, request),
    },
  ];
}

const NOT_LABELS = ["name", "from", "to", "step", "history"];

async function seriesReply(parts: HistoryParts, { params, query }: RouteRequest): Promise<Reply> {
  const [reader, history] = [readerOf(parts), historyOf(parts, params.ip, query)];
  const name = query.get("name");
  if (name === null) throw new Refusal(400, "name: which series?");
  const range = readRange(query, parts.clock.nowMs(), HOUR_MS);
  const labels = [...query].filter(([label]) => !NOT_LABELS.includes(label));
  const wanted: Wanted = {
    names: [name],
    needs: (one) => labels.every(([label, value]) => one.labels[label] === value),
  };
  const stepMs = readDuration(query, "step");
  const head = { ip: history.ip, history: history.id, from: iso(range.fromMs), to: iso(range.toMs) };
  if (stepMs === undefined) {
    const sampled = (await reader.samples(history, wanted, range)).slice(0, MAX_SERIES);
    const series = sampled.map((one) => ({ ...nameOf(one.series), points: points(one.samples) }));
    return jsonReply(200, { ...head, series });
  }
  checkPoints(range.toMs - range.fromMs, stepMs);
  const measured = await reader.windows(history, wanted, { ...range, stepMs });
  const series = measured.slice(0, MAX_SERIES).flatMap((one) => renderWindows(one, stepMs));
  return jsonReply(200, { ...head, stepSeconds: stepMs / 1000, series });
}

async function compareReply(parts: HistoryParts, { params, query }: RouteRequest): Promise<Reply> {
  const [reader, history] = [readerOf(parts), historyOf(parts, params.ip, query)];
  const metric = query.get("metric") ?? "cpu";
  const measure = MEASURES.find(({ name }) => name === metric);
  if (measure === undefined) {
    throw new Refusal(400, `metric: one of ${MEASURES.map(({ name }) => name).join(", ")}`);
  }
  const backMs = readDuration(query, "with") ?? 7 * DAY_MS;
  const stepMs = readDuration(query, "step") ?? 300_000;
  const range = wholeWindows(readRange(query, parts.clock.nowMs(), DAY_MS), stepMs);
  checkPoints(range.toMs - range.fromMs, stepMs);
  const read = readMeasure(reader, history, measure, stepMs);
  const comparison = await compareCourses(read, range, backMs);
  return jsonReply(200, {
    ip: history.ip,
    history: history.id,
    metric,
    unit: measure.unit,
    summary: measure.summary,
    stepSeconds: stepMs / 1000,
    ...renderComparison(comparison),
    now: { from: iso(range.fromMs), to: iso(range.toMs), ...renderCourse(comparison.now) },
    before: {
      from: iso(range.fromMs - backMs),
      to: iso(range.toMs - backMs),
      ...renderCourse(comparison.before),
    },
    generations: history.generations.map(({ startedMs, container, generation, image }) => ({
      ...{ started: iso(startedMs), container, generation, image },
    })),
  });
}

function eventsReply(parts: HistoryParts, { params, query }: RouteRequest): Reply {
  const ip = addressOf(params.ip);
  if (parts.inventory.current(ip) === undefined) throw unknownMachine(ip);
  const range = readRange(query, parts.clock.nowMs(), 30 * DAY_MS);
  const limit = query.get("limit") ?? "100";
  if (!/^[1-9]\d{0,8}$/.test(limit)) throw new Refusal(400, "limit: how many events at most?");
  const events = parts.timeline.list(ip, { ...range, limit: Math.min(Number(limit), MAX_EVENTS) });
  return jsonReply(200, {
    ip,
    events: events.map(({ atMs, kind, detail }) => ({ at: iso(atMs), kind, detail })),
  });
}

function readerOf({ reader }: HistoryParts): HistoryReader {
  if (reader !== undefined) return reader;
  throw new Refusal(404, "no history is kept: started with --data none, or the directory cannot be written");
}

/** The present holder's, or with `history=` that of a former one. */
function historyOf({ inventory }: HistoryParts, ip: string | undefined, query: URLSearchParams): History {
  const address = addressOf(ip);
  const id = query.get("history");
  const history =
    id === null
      ? inventory.current(address)
      : inventory.histories(address).find((one) => one.id === Number(id));
  if (history === undefined) throw unknownMachine(address);
  return history;
}

function addressOf(ip = ""): string {
  return canonicalAddress(ip) ?? ip;
}

function unknownMachine(ip: string): Refusal {
  return new Refusal(404, `nothing has been heard of ${ip}`);
}

function checkPoints(rangeMs: number, stepMs: number): void {
  if (rangeMs / stepMs > MAX_POINTS)
    throw new Refusal(400, `step: more than ${MAX_POINTS} points of a series`);
}

function nameOf({ name, labels }: SeriesName): { readonly name: string; readonly labels: Labels } {
  return { name, labels };
}

function renderWindows({ series, windows }: Measured, stepMs: number): readonly object[] {
  if (windows.kind === "gauge") {
    if (windows.mean.times.length === 0) return [];
    return [{ ...nameOf(series), kind: "gauge", mean: points(windows.mean), max: points(windows.max) }];
  }
  const { times, values } = windows.increase;
  if (times.length === 0) return [];
  const perSecond = { times, values: values.map((value) => value / (stepMs / 1000)) };
  return [{ ...nameOf(series), kind: "counter", perSecond: points(perSecond) }];
}

function renderComparison({ change }: Comparison): object {
  return { change: change ?? null };
}

function renderCourse({ samples, mean, p95, max }: Course): object {
  return { mean: mean ?? null, p95: p95 ?? null, max: max ?? null, points: points(samples) };
}

/** Milliseconds and value; JSON has no NaN and no infinities: these are texts. */
function points(samples: Samples | undefined): readonly (readonly [number, number | string])[] {
  if (samples === undefined) return [];
  return samples.times.map((time, i) => {
    const value = samples.values[i] ?? Number.NaN;
    return [time, Number.isFinite(value) ? value : renderValue(value)];
  });
}
