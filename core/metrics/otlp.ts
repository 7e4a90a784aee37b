// OTLP metrics (opentelemetry-proto, metrics/v1/metrics.proto):
//   ExportMetricsServiceRequest { repeated ResourceMetrics = 1 }
//   ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2 }
//   ScopeMetrics    { InstrumentationScope scope = 1; repeated Metric metrics = 2 }
//   Metric          { name = 1; description = 2; unit = 3; Gauge gauge = 5; Sum sum = 7 }
//   Gauge           { repeated NumberDataPoint data_points = 1 }
//   Sum             { data_points = 1; aggregation_temporality = 2; bool is_monotonic = 3 }
//   NumberDataPoint { fixed64 time_unix_nano = 3; double as_double = 4; repeated KeyValue attributes = 7; uint32 flags = 8 }
//   KeyValue        { key = 1; AnyValue value = 2 }   AnyValue { string string_value = 1 }
import type { Delivery } from "./delivery.ts";
import { judgeResponse } from "./http-delivery.ts";
import type { LabelCache } from "./label-cache.ts";
import { ProtoReader, ProtoWriter, tagOf, WIRE } from "./protobuf.ts";
import type { Batch, Labels, Sample, Series } from "./series.ts";

const FIELD = {
  request: { resourceMetrics: 1 },
  resourceMetrics: { resource: 1, scopeMetrics: 2 },
  resource: { attributes: 1 },
  scopeMetrics: { scope: 1, metrics: 2 },
  scope: { name: 1, version: 2 },
  metric: { name: 1, description: 2, gauge: 5, sum: 7 },
  data: { points: 1, temporality: 2, isMonotonic: 3 },
  point: { time: 3, double: 4, attributes: 7, flags: 8 },
  keyValue: { key: 1, value: 2 },
  anyValue: { string: 1 },
  response: { partialSuccess: 1 },
  partialSuccess: { rejected: 1, message: 2 },
} as const;

/** AGGREGATION_TEMPORALITY_CUMULATIVE. */
const CUMULATIVE = 2;
/** DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK: the series ends. */
const NO_RECORDED_VALUE = 1;

/** The names by which OpenTelemetry knows our identity labels; others stay what they are. */
const RESOURCE_ATTRIBUTE: Readonly<Record<string, string>> = {
  instance: "service.instance.id",
  hostname: "host.name",
  ip: "host.ip",
};

export interface OtlpScope {
  readonly name: string;
  readonly version: string;
}

/**
 * One request: the identity is the resource, series of one name are one metric. Two encoded requests,
 * one after the other, are one request with the metrics of both.
 */
export function encodeMetricsRequest(
  { identity, series }: Batch,
  scope: OtlpScope,
  attributes: LabelCache<Uint8Array>,
): Uint8Array {
  attributes.begin(identity);
  const writer = new ProtoWriter();
  for (const members of byName(series).reverse()) writeMetric(writer, members, attributes);
  const scopeStart = writer.length;
  writer.string(FIELD.scope.version, scope.version);
  writer.string(FIELD.scope.name, scope.name);
  writer.message(FIELD.scopeMetrics.scope, scopeStart);
  writer.message(FIELD.resourceMetrics.scopeMetrics, 0);
  const resourceStart = writer.length;
  writeAttributes(writer, FIELD.resource.attributes, resourceAttributes(scope.name, identity));
  writer.message(FIELD.resourceMetrics.resource, resourceStart);
  writer.message(FIELD.request.resourceMetrics, 0);
  return writer.finish();
}

/** The encoded attributes of a series' points, for a cache. */
export function encodeAttributes({ labels }: Series): Uint8Array {
  const writer = new ProtoWriter(256);
  writeAttributes(writer, FIELD.point.attributes, Object.entries(labels));
  return writer.finish();
}

function resourceAttributes(service: string, identity: Labels): [string, string][] {
  const own = Object.entries(identity).map(([label, value]): [string, string] => [
    RESOURCE_ATTRIBUTE[label] ?? label,
    value,
  ]);
  return [["service.name", service], ...own];
}

function byName(series: readonly Series[]): Series[][] {
  const metrics = new Map<string, Series[]>();
  for (const one of series) {
    const members = metrics.get(one.name);
    if (members === undefined) metrics.set(one.name, [one]);
    else members.push(one);
  }
  return [...metrics.values()];
}

/** Buckets, sums and counts of histograms and summaries go as the counters they are to Prometheus. */
function isSum({ name, kind }: Series): boolean {
  return (
    kind === "counter" || ((kind === "histogram" || kind === "summary") && /_(bucket|count|sum)$/.test(name))
  );
}

function writeMetric(
  writer: ProtoWriter,
  members: readonly Series[],
  attributes: LabelCache<Uint8Array>,
): void {
  const [first] = members;
  if (first === undefined) return;
  const metricStart = writer.length;
  if (isSum(first)) {
    writer.int64(FIELD.data.isMonotonic, 1);
    writer.int64(FIELD.data.temporality, CUMULATIVE);
  }
  for (const series of members.toReversed()) {
    const labels = attributes.get(series);
    for (const sample of series.samples.toReversed()) writePoint(writer, sample, labels);
  }
  writer.message(isSum(first) ? FIELD.metric.sum : FIELD.metric.gauge, metricStart);
  if (first.help !== "") writer.string(FIELD.metric.description, first.help);
  writer.string(FIELD.metric.name, first.name);
  writer.message(FIELD.scopeMetrics.metrics, metricStart);
}

function writePoint(
  writer: ProtoWriter,
  { value, timestampMs, stale }: Sample,
  attributes: Uint8Array,
): void {
  const start = writer.length;
  if (stale) writer.int64(FIELD.point.flags, NO_RECORDED_VALUE);
  writer.raw(attributes);
  if (!stale) writer.double(FIELD.point.double, value);
  const nanoseconds = BigInt(timestampMs) * 1_000_000n; // Beyond what a number holds exactly.
  writer.fixed64(FIELD.point.time, Number(nanoseconds & 0xffff_ffffn), Number(nanoseconds >> 32n));
  writer.message(FIELD.data.points, start);
}

function writeAttributes(
  writer: ProtoWriter,
  field: number,
  attributes: readonly (readonly [string, string])[],
): void {
  for (const [key, value] of attributes.toReversed()) {
    if (value === "") continue;
    const start = writer.length;
    writer.string(FIELD.anyValue.string, value);
    writer.message(FIELD.keyValue.value, start);
    writer.string(FIELD.keyValue.key, key);
    writer.message(field, start);
  }
}

/** An ExportMetricsServiceResponse that says how many points were left out, and why; empty where none were. */
export function encodeMetricsResponse(rejected: number, message: string): Uint8Array {
  if (rejected === 0 && message === "") return new Uint8Array(0);
  const writer = new ProtoWriter(256);
  writer.string(FIELD.partialSuccess.message, message);
  writer.int64(FIELD.partialSuccess.rejected, rejected);
  writer.message(FIELD.response.partialSuccess, 0);
  return writer.finish();
}

/** A google.rpc.Status with a message: what an error's body is in OTLP. */
export function encodeStatus(message: string): Uint8Array {
  const writer = new ProtoWriter(256);
  writer.string(2, message);
  return writer.finish();
}

const TAG = {
  partialSuccess: tagOf(FIELD.response.partialSuccess, WIRE.bytes),
  rejected: tagOf(FIELD.partialSuccess.rejected, WIRE.varint),
  message: tagOf(FIELD.partialSuccess.message, WIRE.bytes),
};

/** What an ExportMetricsServiceResponse says was left out; throws DecodeError when it is none. */
export function decodeMetricsResponse(bytes: Uint8Array): {
  readonly rejected: number;
  readonly message: string;
} {
  const reader = new ProtoReader(bytes);
  const found = { rejected: 0, message: "" };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== TAG.partialSuccess) reader.skip(tag);
    else {
      const outer = reader.enter();
      readPartialSuccess(reader, found);
      reader.leave(outer);
    }
  }
  return found;
}

function readPartialSuccess(reader: ProtoReader, found: { rejected: number; message: string }): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAG.rejected) found.rejected = reader.int64();
    else if (tag === TAG.message) {
      const outer = reader.enter();
      found.message = reader.bytes.toString("utf8", reader.at, reader.end);
      reader.leave(outer);
    } else reader.skip(tag);
  }
}

/** Of all statuses only these are to be tried again (OTLP specification, "Retryable response codes"). */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** What a receiver's answer means; the body of an error is a message we do not read. */
export function judgeMetricsResponse(
  status: number,
  retryAfter: string | undefined,
  body: Uint8Array,
  nowMs: number,
): Delivery {
  if (status === 200) return judgeSuccess(body);
  const delivery = judgeResponse(status, retryAfter, "", nowMs);
  if (delivery.outcome === "delivered" || RETRYABLE.has(status)) return delivery;
  const { reason } = delivery;
  return { outcome: "refused", reason, ...(status === 400 || status === 413 ? { blame: "samples" } : {}) };
}

/** A partial success must not be sent again. */
function judgeSuccess(body: Uint8Array): Delivery {
  try {
    const { rejected, message } = decodeMetricsResponse(body);
    if (rejected === 0) return { outcome: "delivered" };
    return { outcome: "delivered", rejected: { samples: rejected, reason: message || "partial success" } };
  } catch {
    return { outcome: "delivered" };
  }
}
