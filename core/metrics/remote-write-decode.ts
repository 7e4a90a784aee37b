// The layout of the messages is in remote-write.ts.
import { ByteStrings } from "./byte-strings.ts";
import { DecodeError } from "./decode-error.ts";
import { isLabelName, isMetricName, renderSeriesName, setLabel } from "./labels.ts";
import { ProtoReader, tagOf, WIRE } from "./protobuf.ts";
import { FIELD, METADATA_TYPE, STALE_NAN } from "./remote-write.ts";
import {
  type Family,
  findFamily,
  type Labels,
  type MetricKind,
  type Sample,
  type Series,
  staleSample,
} from "./series.ts";
import { checkTextSize, DEFAULT_WRITE_LIMITS, overLimit, type WriteLimits } from "./write-limits.ts";

export interface WriteRequest {
  /** Kind and help are those of the request's own metadata, `unknown` and "" without. */
  readonly series: readonly Series[];
  readonly families: readonly Family[];
  /** Exemplars and native histograms in the request: they are skipped, and the caller should say so. */
  readonly skipped: { readonly exemplars: number; readonly histograms: number };
}

export interface WriteRequestV1 extends WriteRequest {
  /**
   * The bytes say what is here and nothing else, as the protocol wants it: labels sorted and with values, samples
   * in the order of their times. They may be handed on as they came.
   */
  readonly isCanonical: boolean;
}

/** Decodes a whole uncompressed WriteRequest, or throws a DecodeError that names the series. */
export function decodeWriteRequest(
  bytes: Uint8Array,
  limits: WriteLimits = DEFAULT_WRITE_LIMITS,
): WriteRequestV1 {
  return new WriteRequestDecoder(bytes, limits).decode();
}

const TAG = {
  series: tagOf(FIELD.request.series, WIRE.bytes),
  metadata: tagOf(FIELD.request.metadata, WIRE.bytes),
  label: tagOf(FIELD.series.labels, WIRE.bytes),
  sample: tagOf(FIELD.series.samples, WIRE.bytes),
  exemplar: tagOf(FIELD.series.exemplars, WIRE.bytes),
  histogram: tagOf(FIELD.series.histograms, WIRE.bytes),
  labelName: tagOf(FIELD.label.name, WIRE.bytes),
  labelValue: tagOf(FIELD.label.value, WIRE.bytes),
  sampleValue: tagOf(FIELD.sample.value, WIRE.fixed64),
  sampleTimestamp: tagOf(FIELD.sample.timestamp, WIRE.varint),
  metadataType: tagOf(FIELD.metadata.type, WIRE.varint),
  metadataFamily: tagOf(FIELD.metadata.family, WIRE.bytes),
  metadataHelp: tagOf(FIELD.metadata.help, WIRE.bytes),
  metadataUnit: tagOf(FIELD.metadata.unit, WIRE.bytes),
} as const;

export const labelNames: ByteStrings = new ByteStrings((text) => {
  if (!isLabelName(text)) throw malformed(`${JSON.stringify(text)} is not a label name`);
  return text;
});
export const texts: ByteStrings = new ByteStrings((text) => text, 14);

export const KIND_OF_TYPE: ReadonlyMap<number, MetricKind> = new Map(
  Object.entries(METADATA_TYPE).map(([kind, type]) => [type, kind as MetricKind]),
);

type Writable<T> = { -readonly [K in keyof T]: T[K] };

class WriteRequestDecoder {
  readonly #reader: ProtoReader;
  readonly #limits: WriteLimits;
  readonly #series: Writable<Series>[] = [];
  readonly #families = new Map<string, Family>();
  readonly #skipped = { exemplars: 0, histograms: 0 };
  #samples = 0;
  #isCanonical = true;

  constructor(bytes: Uint8Array, limits: WriteLimits) {
    this.#reader = new ProtoReader(bytes);
    this.#limits = limits;
  }

  decode(): WriteRequestV1 {
    const reader = this.#reader;
    let tag = reader.tag();
    try {
      for (; tag !== 0; tag = reader.tag()) this.#readField(tag);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const isFamily = tag === TAG.metadata;
      throw error.within(isFamily ? `metadata ${this.#families.size}` : `series ${this.#series.length}`);
    }
    this.#applyFamilies();
    return {
      series: this.#series,
      families: [...this.#families.values()],
      skipped: this.#skipped,
      // A field of another wire type is one we do not know; receivers refuse the whole request for it.
      isCanonical: this.#isCanonical && reader.skipped === 0,
    };
  }

  #readField(tag: number): void {
    const reader = this.#reader;
    if (tag !== TAG.series && tag !== TAG.metadata) {
      reader.skip(tag);
      return;
    }
    const outer = reader.enter();
    if (tag === TAG.series) this.#readSeries();
    else this.#readFamily();
    reader.leave(outer);
  }

  #readSeries(): void {
    if (this.#series.length >= this.#limits.maxSeries) throw overLimit("series", this.#limits.maxSeries);
    const reader = this.#reader;
    const labels = new LabelSet(this.#limits);
    const samples: Sample[] = [];
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag !== TAG.label && tag !== TAG.sample) {
        this.#skip(tag);
        continue;
      }
      const outer = reader.enter();
      if (tag === TAG.label) labels.read(reader);
      else samples.push(this.#readSample());
      reader.leave(outer);
    }
    if (!labels.isCanonical || !isAscending(samples)) this.#isCanonical = false;
    this.#series.push({ name: labels.metric(), kind: "unknown", help: "", labels: labels.labels, samples });
  }

  #skip(tag: number): void {
    if (tag === TAG.exemplar) this.#skipped.exemplars++;
    if (tag === TAG.histogram) this.#skipped.histograms++;
    this.#reader.skip(tag);
  }

  #readSample(): Sample {
    if (++this.#samples > this.#limits.maxSamples) throw overLimit("samples", this.#limits.maxSamples);
    return readSample(this.#reader);
  }

  #readFamily(): void {
    if (this.#families.size >= this.#limits.maxSeries) throw overLimit("families", this.#limits.maxSeries);
    const reader = this.#reader;
    let kind: MetricKind = "unknown";
    let name = "";
    let help = "";
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === TAG.metadataType) kind = KIND_OF_TYPE.get(reader.uint32()) ?? "unknown";
      else if (tag === TAG.metadataFamily) name = readText(reader, texts, this.#limits.maxLabelValueBytes);
      else if (tag === TAG.metadataHelp) help = readText(reader, texts, this.#limits.maxLabelValueBytes);
      else if (tag === TAG.metadataUnit) reader.leave(reader.enter());
      else reader.skip(tag);
    }
    if (!isMetricName(name)) throw malformed(`${JSON.stringify(name)} is not a metric name`);
    this.#families.set(name, { name, kind, help });
  }

  /** Metadata may stand after the series it describes. */
  #applyFamilies(): void {
    if (this.#families.size === 0) return;
    for (const series of this.#series) {
      const family = findFamily(this.#families, series.name);
      if (family === undefined) continue;
      series.kind = family.kind;
      series.help = family.help;
    }
  }
}

/** The labels of one series as they come in: the metric's name apart, in any order, none twice. */
class LabelSet {
  readonly labels: Labels;
  /** Sorted, and none without a value. */
  isCanonical = true;
  readonly #labels: Record<string, string> = {};
  readonly #limits: WriteLimits;
  #count = 0;
  #metric = "";
  #greatest = "";

  constructor(limits: WriteLimits) {
    this.labels = this.#labels;
    this.#limits = limits;
  }

  read(reader: ProtoReader): void {
    const limits = this.#limits;
    if (++this.#count > limits.maxLabelsPerSeries)
      throw this.#at(overLimit("labels", limits.maxLabelsPerSeries));
    let name = "";
    let value = "";
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === TAG.labelName) name = readText(reader, labelNames, limits.maxLabelNameBytes);
      else if (tag === TAG.labelValue) value = readText(reader, texts, limits.maxLabelValueBytes);
      else reader.skip(tag);
    }
    this.#add(name, value);
  }

  metric(): string {
    if (this.#metric === "") throw this.#at(malformed("no __name__"));
    if (isMetricName(this.#metric)) return this.#metric;
    throw malformed(`${JSON.stringify(this.#metric)} is not a metric name`);
  }

  #add(name: string, value: string): void {
    if (name === "") throw this.#at(malformed("a label without a name"));
    // Senders sort: a name beyond all before it cannot be there already.
    if (name > this.#greatest) this.#greatest = name;
    else if (this.#has(name)) throw this.#at(malformed(`label ${name} stands twice`));
    else this.isCanonical = false;
    if (value === "") this.isCanonical = false;
    if (name === "__name__") this.#metric = value;
    // Prometheus' data model: an empty value is the same as no label.
    else if (value !== "") setLabel(this.#labels, name, value);
  }

  #has(name: string): boolean {
    return name === "__name__" ? this.#metric !== "" : Object.hasOwn(this.#labels, name);
  }

  #at(error: DecodeError): DecodeError {
    return error.within(renderSeriesName(this.#metric, this.#labels));
  }
}

/** One sample at least, and none that is not after the one before. */
function isAscending(samples: readonly Sample[]): boolean {
  let beforeMs = Number.NEGATIVE_INFINITY;
  for (const { timestampMs } of samples) {
    if (timestampMs <= beforeMs) return false;
    beforeMs = timestampMs;
  }
  return samples.length > 0;
}

/** Version 2.0 has the same message. */
export function readSample(reader: ProtoReader): Sample {
  let timestampMs = 0;
  let value = 0;
  let stale = false;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAG.sampleValue) {
      const at = reader.fixed64();
      value = reader.doubleAt(at);
      stale = reader.wordAt(at) === STALE_NAN[0] && reader.wordAt(at + 4) === STALE_NAN[1];
    } else if (tag === TAG.sampleTimestamp) timestampMs = reader.int64();
    else reader.skip(tag);
  }
  return stale ? staleSample(timestampMs) : { timestampMs, value };
}

export function readText(reader: ProtoReader, strings: ByteStrings, maxBytes: number): string {
  const outer = reader.enter();
  const size = reader.end - reader.at;
  checkTextSize(size, maxBytes);
  const text = strings.get(reader.bytes, reader.at, reader.end);
  reader.leave(outer);
  return text;
}

function malformed(what: string): DecodeError {
  return new DecodeError("MALFORMED", what);
}
