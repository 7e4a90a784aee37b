// Prometheus remote write 1.0 (prometheus.io, "Remote-Write 1.0 specification"; prompb/remote.proto):
//   WriteRequest   { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3 }
//   TimeSeries     { repeated Label labels = 1; repeated Sample samples = 2; exemplars = 3; histograms = 4 }
//   Label          { string name = 1; string value = 2 }
//   Sample         { double value = 1; int64 timestamp = 2 }       milliseconds
//   MetricMetadata { type = 1; metric_family_name = 2; help = 4; unit = 5 }
import { mergedLabels, sortedLabelNames } from "./labels.ts";
import { ProtoWriter } from "./protobuf.ts";
import { type Batch, type Family, familyName, type Labels, type MetricKind, type Sample } from "./series.ts";

export const FIELD = {
  request: { series: 1, metadata: 3 },
  series: { labels: 1, samples: 2, exemplars: 3, histograms: 4 },
  label: { name: 1, value: 2 },
  sample: { value: 1, timestamp: 2 },
  metadata: { type: 1, family: 2, help: 4, unit: 5 },
} as const;

/** `MetricMetadata.MetricType` in prompb/types.proto, by our kinds. */
export const METADATA_TYPE: Readonly<Record<MetricKind, number>> = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  summary: 5,
};

/** The two NaNs that Prometheus tells apart (model/value/value.go), as [low, high] words. */
export const STALE_NAN = [0x0000_0002, 0x7ff0_0000] as const;
export const NORMAL_NAN = [0x0000_0001, 0x7ff8_0000] as const;

export const CONTENT_TYPE = "application/x-protobuf";
/** What a sender says of the body it posts; the body is compressed by `encodeSnappy`. */
export const REMOTE_WRITE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": CONTENT_TYPE,
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

/**
 * One WriteRequest, uncompressed, with every batch's identity merged into its series (identity wins) and
 * metadata for `families`: once for each family in the batches unless told otherwise, none for `[]`.
 * Two encoded requests, one after the other, are one request with the series of both.
 */
export function encodeWriteRequest(
  batches: readonly Batch[],
  families: readonly Family[] = familiesOf(batches),
): Uint8Array {
  const writer = new ProtoWriter();
  for (let i = families.length - 1; i >= 0; i--) writeFamily(writer, families[i]);
  for (let i = batches.length - 1; i >= 0; i--) writeBatch(writer, batches[i]);
  return writer.finish();
}

/** Each family of the batches once, where more is known of it than its name. */
export function familiesOf(batches: readonly Batch[]): Family[] {
  const families = new Map<string, Family>();
  for (const { series } of batches) {
    for (const { name, kind, help } of series) {
      if (kind === "unknown") continue;
      const family = familyName(name, kind);
      if (!families.has(family)) families.set(family, { name: family, kind, help });
    }
  }
  return [...families.values()];
}

function writeBatch(writer: ProtoWriter, batch: Batch | undefined): void {
  if (batch === undefined) return;
  for (let i = batch.series.length - 1; i >= 0; i--) {
    const series = batch.series[i];
    if (series === undefined || series.samples.length === 0) continue;
    const start = writer.length;
    for (let s = series.samples.length - 1; s >= 0; s--) writeSample(writer, series.samples[s]);
    writeLabels(writer, series.name, mergedLabels(series.labels, batch.identity));
    writer.message(FIELD.request.series, start);
  }
}

function writeLabels(writer: ProtoWriter, metric: string, labels: Labels): void {
  const names = sortedLabelNames(labels);
  // In reverse, and __name__ where it sorts: after capitals, before small letters.
  let nameWritten = false;
  for (let i = names.length - 1; i >= 0; i--) {
    const name = names[i] ?? "";
    if (!nameWritten && name < "__name__") {
      writeLabel(writer, "__name__", metric);
      nameWritten = true;
    }
    // A label without a value is a label that is not there; the protocol forbids to send it.
    if (labels[name] !== "") writeLabel(writer, name, labels[name] ?? "");
  }
  if (!nameWritten) writeLabel(writer, "__name__", metric);
}

function writeLabel(writer: ProtoWriter, name: string, value: string): void {
  const start = writer.length;
  writer.string(FIELD.label.value, value);
  writer.string(FIELD.label.name, name);
  writer.message(FIELD.series.labels, start);
}

/** Version 2.0 has the same message under the same number. */
export function writeSample(writer: ProtoWriter, sample: Sample | undefined): void {
  if (sample === undefined) return;
  const start = writer.length;
  writer.int64(FIELD.sample.timestamp, sample.timestampMs);
  if (sample.stale) writer.fixed64(FIELD.sample.value, ...STALE_NAN);
  else if (Number.isNaN(sample.value)) writer.fixed64(FIELD.sample.value, ...NORMAL_NAN);
  else writer.double(FIELD.sample.value, sample.value);
  writer.message(FIELD.series.samples, start);
}

function writeFamily(writer: ProtoWriter, family: Family | undefined): void {
  if (family === undefined) return;
  const start = writer.length;
  if (family.help !== "") writer.string(FIELD.metadata.help, family.help);
  writer.string(FIELD.metadata.family, family.name);
  writer.int64(FIELD.metadata.type, METADATA_TYPE[family.kind]);
  writer.message(FIELD.request.metadata, start);
}
