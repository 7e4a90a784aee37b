// What OTLP says, whichever way it was encoded, as series under Prometheus' names (opentelemetry.io,
// "Prometheus and OpenMetrics Compatibility"): dots become underscores, a unit and `_total` are
// appended, `service.name` is the label job.
import { Gathering } from "./gathering.ts";
import { setLabel, toLabelName, toMetricName } from "./labels.ts";
import { type Labels, type MetricKind, type Sample, staleSample } from "./series.ts";
import type { WriteLimits } from "./write-limits.ts";

export interface OtlpResource {
  readonly attributes: Labels;
  readonly metrics: readonly OtlpMetric[];
}

export interface OtlpMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly shape: "gauge" | "sum" | "histogram" | "exponential histogram" | "summary" | "unknown";
  /** AggregationTemporality: 1 delta, 2 cumulative. */
  readonly temporality: number;
  readonly isMonotonic: boolean;
  readonly points: readonly OtlpPoint[];
}

export interface OtlpPoint {
  readonly attributes: Labels;
  /** 0 where the sender did not say. */
  readonly timeMs: number;
  /** DataPointFlags NO_RECORDED_VALUE: the series ends. */
  readonly isEnd: boolean;
  readonly value: number;
  readonly count: number;
  readonly sum: number | undefined;
  /** Of a histogram: upper bounds, and how many are in each bucket, one more than bounds. */
  readonly bounds: readonly number[];
  readonly buckets: readonly number[];
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

export const NO_POINT: OtlpPoint = {
  ...{ attributes: {}, timeMs: 0, isEnd: false, value: 0, count: 0, sum: undefined },
  ...{ bounds: [], buckets: [], quantiles: [] },
};

const DELTA = 1;
/** As our own programs call themselves: by whichever protocol they push, their series are the same. */
const OWN_SERVICES: ReadonlySet<string> = new Set(["plimsoll-agent", "plimsoll-collector"]);
/** The resource attributes that say which machine it is, and what they are to us. */
const IDENTITY: Readonly<Record<string, string>> = {
  "service.instance.id": "instance",
  "host.ip": "ip",
  "host.name": "hostname",
  "service.name": "job",
};
const UNITS: Readonly<Record<string, string>> = {
  ...{ s: "seconds", ms: "milliseconds", us: "microseconds", ns: "nanoseconds", min: "minutes", h: "hours" },
  ...{ By: "bytes", KiBy: "kibibytes", MiBy: "mebibytes", "%": "percent", Cel: "celsius", Hz: "hertz" },
};

/** Points that cannot be kept are rejected one by one. Throws DecodeError `LIMIT`. */
export function gatherOtlp(resources: readonly OtlpResource[], limits?: WriteLimits): Gathering {
  const gathering = new Gathering(limits);
  for (const resource of resources) {
    const identity = identityOf(resource.attributes);
    for (const metric of resource.metrics) addMetric(gathering, metric, identity);
  }
  return gathering;
}

/**
 * The labels every series of a resource has: who it is, and attributes without a dot, which are
 * somebody's own. Others (process.pid, telemetry.sdk.…) would begin another series at each restart.
 */
function identityOf(attributes: Labels): Labels {
  const labels: Record<string, string> = {};
  for (const key in attributes) {
    const value = attributes[key] ?? "";
    const own = key.includes(".") ? undefined : toLabelName(key);
    const label = IDENTITY[key] ?? own;
    if (label === undefined || value === "" || label === "__name__") continue;
    if (label === "job" && OWN_SERVICES.has(value)) continue;
    // A host has several addresses: the first is the one it is known by.
    setLabel(labels, label, label === "ip" ? (/[^[\]",\s]+/.exec(value)?.[0] ?? "") : value);
  }
  return labels;
}

function addMetric(gathering: Gathering, metric: OtlpMetric, identity: Labels): void {
  const { name, shape, temporality, points, description: help } = metric;
  const objection = objectionTo(shape, temporality);
  if (objection !== undefined) {
    if (points.length > 0) gathering.reject(`${name}: ${objection}`, points.length);
    return;
  }
  const target: Target = { gathering, name: nameOf(metric), kind: kindOf(metric), help, identity };
  for (const point of points) {
    if (point.timeMs <= 0) gathering.reject(`${name}: a point without a time`);
    else if (target.name === "") gathering.reject("a metric without a name");
    else if (shape === "histogram") addHistogram(target, point);
    else if (shape === "summary") addSummary(target, point);
    else add(target, "", {}, point, point.value);
  }
}

function objectionTo(shape: OtlpMetric["shape"], temporality: number): string | undefined {
  if (shape === "unknown" || shape === "exponential histogram") return `an ${shape} is not kept`;
  const isDelta = (shape === "sum" || shape === "histogram") && temporality === DELTA;
  return isDelta ? "delta temporality is not kept, cumulative is" : undefined;
}

function kindOf({ shape, isMonotonic }: OtlpMetric): MetricKind {
  if (shape === "histogram" || shape === "summary") return shape;
  return shape === "sum" && isMonotonic ? "counter" : "gauge";
}

/** What already ends as it should stays, so that what came out of Prometheus goes back under its name. */
function nameOf(metric: OtlpMetric): string {
  const base = toMetricName(metric.name);
  if (base === "") return "";
  const isCounter = kindOf(metric) === "counter";
  const stem = base.replace(/_(total|bucket|count|sum)$/, "");
  if (isCounter && stem !== base) return base;
  const unit = UNITS[metric.unit] ?? (metric.unit === "1" && metric.shape === "gauge" ? "ratio" : undefined);
  const named = unit === undefined || base.split("_").includes(unit) ? base : `${base}_${unit}`;
  return isCounter ? `${named}_total` : named;
}

interface Target {
  readonly gathering: Gathering;
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly identity: Labels;
}

function add(target: Target, suffix: string, more: Labels, point: OtlpPoint, value: number): void {
  const { gathering, name, kind, help, identity } = target;
  const labels: Record<string, string> = {};
  for (const key in point.attributes) {
    const label = toLabelName(key);
    if (label !== "" && label !== "__name__") setLabel(labels, label, point.attributes[key] ?? "");
  }
  Object.assign(labels, more, identity);
  const sample: Sample = point.isEnd ? staleSample(point.timeMs) : { timestampMs: point.timeMs, value };
  gathering.add(name + suffix, labels, sample, { kind, help });
}

function addHistogram(target: Target, point: OtlpPoint): void {
  let count = 0;
  for (const [i, bound] of point.bounds.entries()) {
    count += point.buckets[i] ?? 0;
    add(target, "_bucket", { le: String(bound) }, point, count);
  }
  add(target, "_bucket", { le: "+Inf" }, point, point.count);
  add(target, "_count", {}, point, point.count);
  if (point.sum !== undefined || point.isEnd) add(target, "_sum", {}, point, point.sum ?? 0);
}

function addSummary(target: Target, point: OtlpPoint): void {
  for (const { quantile, value } of point.quantiles) {
    add(target, "", { quantile: String(quantile) }, point, value);
  }
  add(target, "_count", {}, point, point.count);
  add(target, "_sum", {}, point, point.sum ?? 0);
}
