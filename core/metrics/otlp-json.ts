// OTLP metrics as JSON (opentelemetry.io, "JSON Protobuf Encoding"): names in lowerCamelCase, 64-bit
// integers as decimal strings or numbers, enumerations as numbers, unknown names passed over.
//   {"resourceMetrics":[{"resource":{"attributes":[{"key":"host.ip","value":{"stringValue":"10.0.0.7"}}]},
//     "scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":"1700…","asDouble":1}]}}]}]}]}
import { DecodeError } from "./decode-error.ts";
import { setLabel } from "./labels.ts";
import { NO_POINT, type OtlpMetric, type OtlpPoint, type OtlpResource } from "./otlp-series.ts";
import type { Labels } from "./series.ts";

type Json = Readonly<Record<string, unknown>>;

/** Throws DecodeError for what is not such a document. */
export function parseMetricsRequest(text: string): readonly OtlpResource[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new DecodeError("MALFORMED", "not JSON");
  }
  return objects(object(document, "the request"), "resourceMetrics").map((resource) => ({
    attributes: attributesOf(object(resource.resource ?? {}, "resource")),
    metrics: objects(resource, "scopeMetrics").flatMap((scope) => objects(scope, "metrics").map(parseMetric)),
  }));
}

const SHAPES: readonly (readonly [key: string, shape: OtlpMetric["shape"]])[] = [
  ["gauge", "gauge"],
  ["sum", "sum"],
  ["histogram", "histogram"],
  ["exponentialHistogram", "exponential histogram"],
  ["summary", "summary"],
];

function parseMetric(metric: Json): OtlpMetric {
  const [key, shape] = SHAPES.find(([known]) => metric[known] !== undefined) ?? ["", "unknown" as const];
  const data = object(metric[key] ?? {}, key);
  return {
    name: text(metric, "name"),
    description: text(metric, "description"),
    unit: text(metric, "unit"),
    shape,
    temporality: number(data, "aggregationTemporality"),
    isMonotonic: data.isMonotonic === true,
    points: objects(data, "dataPoints").map(parsePoint),
  };
}

function parsePoint(point: Json): OtlpPoint {
  return {
    ...NO_POINT,
    attributes: attributesOf(point),
    timeMs: Math.round(number(point, "timeUnixNano") / 1e6),
    isEnd: (number(point, "flags") & 1) === 1,
    value: point.asDouble === undefined ? number(point, "asInt") : number(point, "asDouble"),
    count: number(point, "count"),
    sum: point.sum === undefined ? undefined : number(point, "sum"),
    bounds: numbers(point, "explicitBounds"),
    buckets: numbers(point, "bucketCounts"),
    quantiles: objects(point, "quantileValues").map((one) => ({
      quantile: number(one, "quantile"),
      value: number(one, "value"),
    })),
  };
}

function attributesOf(owner: Json): Labels {
  const labels: Record<string, string> = {};
  for (const attribute of objects(owner, "attributes")) {
    const key = text(attribute, "key");
    if (key !== "") setLabel(labels, key, textOf(object(attribute.value ?? {}, key)));
  }
  return labels;
}

/** An AnyValue. */
function textOf(value: Json): string {
  for (const key of ["stringValue", "boolValue", "intValue", "doubleValue"]) {
    const found = value[key];
    if (["string", "boolean", "number"].includes(typeof found)) return String(found);
  }
  if (value.arrayValue === undefined) return "";
  return JSON.stringify(objects(object(value.arrayValue, "arrayValue"), "values").map(textOf));
}

function object(value: unknown, what: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw malformed(`${what} is not an object`);
}

/** The objects of a list that may be missing. */
function objects(owner: Json, key: string): readonly Json[] {
  return list(owner, key).map((element) => object(element, `an element of ${key}`));
}

function list(owner: Json, key: string): readonly unknown[] {
  const value = owner[key] ?? [];
  if (Array.isArray(value)) return value;
  throw malformed(`${key} is not a list`);
}

function text(owner: Json, key: string): string {
  const value = owner[key] ?? "";
  if (typeof value === "string") return value;
  throw malformed(`${key} is not a text`);
}

const SPECIAL: Readonly<Record<string, number>> = { NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity };

function number(owner: Json, key: string): number {
  return toNumber(owner[key] ?? 0, key);
}

function numbers(owner: Json, key: string): readonly number[] {
  return list(owner, key).map((value) => toNumber(value, key));
}

/** Also `"NaN"` and the infinities, which JSON has no numbers for. */
function toNumber(value: unknown, key: string): number {
  if (typeof value === "number") return value;
  const special = typeof value === "string" ? SPECIAL[value] : undefined;
  if (special !== undefined) return special;
  const parsed = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  if (Number.isNaN(parsed)) throw malformed(`${key} is not a number`);
  return parsed;
}

function malformed(what: string): DecodeError {
  return new DecodeError("MALFORMED", what);
}
