// Prometheus remote write 2.0 (prometheus.io, "Remote-Write 2.0 specification"; io/prometheus/write/v2/types.proto):
//   Request    { repeated string symbols = 4; repeated TimeSeries timeseries = 5 }      symbols[0] is ""
//   TimeSeries { packed uint32 labels_refs = 1; repeated Sample samples = 2; Metadata metadata = 5 }
//   Sample     { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3 }     milliseconds
//   Metadata   { type = 1; uint32 help_ref = 3; uint32 unit_ref = 4 }
import { LabelCache } from "./label-cache.ts";
import { mergedLabels, sortedLabelNames } from "./labels.ts";
import { ProtoReader, ProtoWriter, tagOf, WIRE } from "./protobuf.ts";
import { METADATA_TYPE, FIELD as V1, writeSample } from "./remote-write.ts";
import { type Batch, familyName, type Labels, type Series } from "./series.ts";

export const FIELD = {
  request: { symbols: 4, series: 5 },
  series: { labels: 1, samples: 2, metadata: 5 },
  metadata: { type: 1, help: 3 },
} as const;

export const REMOTE_WRITE_V2_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "2.0.0",
};

/** A series that ended leaves its strings in the table: it is made anew when this many batches were encoded. */
const BATCHES_PER_TABLE = 360;

/** Encodes the batches of one sender; the strings of its series are known from one to the next. */
export class WriteRequestV2Encoder {
  #symbols: Symbols = new Symbols();
  #cache = this.#openCache();
  #batches = 0;

  /** One Request, uncompressed. */
  encode(batch: Batch): Uint8Array {
    if (this.#batches++ % BATCHES_PER_TABLE === 0) {
      this.#symbols = new Symbols();
      this.#cache = this.#openCache();
    }
    this.#cache.begin(batch.identity);
    const writer = new ProtoWriter();
    for (const series of batch.series.toReversed()) {
      if (series.samples.length === 0) continue;
      const start = writer.length;
      const { labels, metadata } = this.#cache.get(series);
      writer.raw(metadata);
      for (const sample of series.samples.toReversed()) writeSample(writer, sample);
      writer.raw(labels);
      writer.message(FIELD.request.series, start);
    }
    writer.raw(this.#symbols.encoded());
    return writer.finish();
  }

  #openCache(): LabelCache<EncodedSeries> {
    return new LabelCache((series, identity) => encodeSeries(series, identity, this.#symbols));
  }
}

/** What does not change in a series. */
interface EncodedSeries {
  readonly labels: Uint8Array;
  readonly metadata: Uint8Array;
}

function encodeSeries(
  { name, kind, help, labels }: Series,
  identity: Labels,
  symbols: Symbols,
): EncodedSeries {
  const all = mergedLabels({ ...labels, __name__: name }, identity);
  const refs = sortedLabelNames(all)
    .filter((label) => all[label] !== "")
    .flatMap((label) => [symbols.ref(label), symbols.ref(all[label] ?? "")]);
  const labelWriter = new ProtoWriter(64);
  labelWriter.packed(FIELD.series.labels, refs);
  const metadataWriter = new ProtoWriter(16);
  if (help !== "") metadataWriter.int64(FIELD.metadata.help, symbols.ref(help));
  metadataWriter.int64(FIELD.metadata.type, METADATA_TYPE[kind]);
  metadataWriter.message(FIELD.series.metadata, 0);
  return { labels: labelWriter.finish(), metadata: metadataWriter.finish() };
}

class Symbols {
  readonly #refs = new Map<string, number>([["", 0]]);
  #encoded: Uint8Array | undefined;

  ref(text: string): number {
    const known = this.#refs.get(text);
    if (known !== undefined) return known;
    const ref = this.#refs.size;
    this.#refs.set(text, ref);
    this.#encoded = undefined;
    return ref;
  }

  encoded(): Uint8Array {
    this.#encoded ??= this.#encode();
    return this.#encoded;
  }

  #encode(): Uint8Array {
    const writer = new ProtoWriter();
    for (const text of [...this.#refs.keys()].reverse()) writer.string(FIELD.request.symbols, text);
    return writer.finish();
  }
}

const TAG = {
  symbol: tagOf(FIELD.request.symbols, WIRE.bytes),
  series: tagOf(FIELD.request.series, WIRE.bytes),
  labels: tagOf(FIELD.series.labels, WIRE.bytes),
  samples: tagOf(FIELD.series.samples, WIRE.bytes),
  metadata: tagOf(FIELD.series.metadata, WIRE.bytes),
  metadataType: tagOf(FIELD.metadata.type, WIRE.varint),
  metadataHelp: tagOf(FIELD.metadata.help, WIRE.varint),
};

/**
 * A 2.0 request as the 1.0 request that says the same, for a receiver that knows only that. Samples
 * are the same bytes in both. Throws DecodeError when it is malformed.
 */
export function downgradeWriteRequest(bytes: Uint8Array): Uint8Array {
  const symbols: string[] = [];
  const all: DowngradedSeries[] = [];
  const reader = new ProtoReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== TAG.symbol && tag !== TAG.series) reader.skip(tag);
    else {
      const outer = reader.enter();
      if (tag === TAG.symbol) symbols.push(reader.bytes.toString("utf8", reader.at, reader.end));
      else all.push(readSeries(reader));
      reader.leave(outer);
    }
  }
  return encodeV1(all, symbols);
}

interface DowngradedSeries {
  readonly refs: number[];
  readonly samples: Uint8Array[];
  type: number;
  helpRef: number;
}

function readSeries(reader: ProtoReader): DowngradedSeries {
  const series: DowngradedSeries = { refs: [], samples: [], type: 0, helpRef: 0 };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== TAG.labels && tag !== TAG.samples && tag !== TAG.metadata) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    if (tag === TAG.labels) while (reader.at < reader.end) series.refs.push(reader.uint32());
    else if (tag === TAG.samples) series.samples.push(reader.bytes.subarray(reader.at, reader.end));
    else readMetadata(reader, series);
    reader.leave(outer);
  }
  return series;
}

function readMetadata(reader: ProtoReader, series: DowngradedSeries): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAG.metadataType) series.type = reader.uint32();
    else if (tag === TAG.metadataHelp) series.helpRef = reader.uint32();
    else reader.skip(tag);
  }
}

const KIND_OF_TYPE = new Map(
  Object.entries(METADATA_TYPE).map(([kind, type]) => [type, kind as Series["kind"]]),
);

function encodeV1(all: readonly DowngradedSeries[], symbols: readonly string[]): Uint8Array {
  const writer = new ProtoWriter();
  writeFamilies(writer, all, symbols);
  for (const { refs, samples } of all.toReversed()) {
    const start = writer.length;
    for (const sample of samples.toReversed()) {
      const sampleStart = writer.length;
      writer.raw(sample);
      writer.message(V1.series.samples, sampleStart);
    }
    for (let i = refs.length - 2; i >= 0; i -= 2) {
      const labelStart = writer.length;
      writer.string(V1.label.value, symbols[refs[i + 1] ?? 0] ?? "");
      writer.string(V1.label.name, symbols[refs[i] ?? 0] ?? "");
      writer.message(V1.series.labels, labelStart);
    }
    writer.message(V1.request.series, start);
  }
  return writer.finish();
}

/** In 1.0 metadata is the family's, once. */
function writeFamilies(
  writer: ProtoWriter,
  all: readonly DowngradedSeries[],
  symbols: readonly string[],
): void {
  const described = new Set<string>();
  for (const { refs, type, helpRef } of all) {
    const nameAt = refs.findIndex((ref, i) => i % 2 === 0 && symbols[ref] === "__name__");
    const family = familyName(symbols[refs[nameAt + 1] ?? 0] ?? "", KIND_OF_TYPE.get(type) ?? "unknown");
    if (type === 0 || described.has(family)) continue;
    described.add(family);
    const start = writer.length;
    writer.string(V1.metadata.help, symbols[helpRef] ?? "");
    writer.string(V1.metadata.family, family);
    writer.int64(V1.metadata.type, type);
    writer.message(V1.request.metadata, start);
  }
}
