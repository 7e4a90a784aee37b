// The layout of the messages is in remote-write-v2.ts.
import { DecodeError } from "./decode-error.ts";
import { isLabelName, isMetricName, setLabel } from "./labels.ts";
import { ProtoReader, tagOf, WIRE } from "./protobuf.ts";
import { KIND_OF_TYPE, readSample, readText, texts, type WriteRequest } from "./remote-write-decode.ts";
import { FIELD } from "./remote-write-v2.ts";
import { type Family, familyName, type Labels, type MetricKind, type Sample, type Series } from "./series.ts";
import { DEFAULT_WRITE_LIMITS, overLimit, type WriteLimits } from "./write-limits.ts";

const TAG = {
  symbol: tagOf(FIELD.request.symbols, WIRE.bytes),
  series: tagOf(FIELD.request.series, WIRE.bytes),
  labels: tagOf(FIELD.series.labels, WIRE.bytes),
  /** Packed is what senders do; one by one is the same to a reader. */
  label: tagOf(FIELD.series.labels, WIRE.varint),
  sample: tagOf(FIELD.series.samples, WIRE.bytes),
  histogram: tagOf(3, WIRE.bytes),
  exemplar: tagOf(4, WIRE.bytes),
  metadata: tagOf(FIELD.series.metadata, WIRE.bytes),
  metadataType: tagOf(FIELD.metadata.type, WIRE.varint),
  metadataHelp: tagOf(FIELD.metadata.help, WIRE.varint),
} as const;

/** Names, values and help texts of a series; most are shared. */
const SYMBOLS_PER_SERIES = 8;

/** Decodes a whole uncompressed Request, or throws a DecodeError that names the series. */
export function decodeWriteRequestV2(
  bytes: Uint8Array,
  limits: WriteLimits = DEFAULT_WRITE_LIMITS,
): WriteRequest {
  const symbols = readSymbols(new ProtoReader(bytes), limits);
  return new RequestDecoder(new ProtoReader(bytes), symbols, limits).decode();
}

/** They may stand after the series that name them. */
function readSymbols(reader: ProtoReader, limits: WriteLimits): readonly string[] {
  const most = limits.maxSeries * SYMBOLS_PER_SERIES;
  const symbols: string[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    // Numbers of 1.0 that 2.0 keeps free: taken for a request without series it would be lost in silence.
    if (tag >>> 3 <= 3) throw malformed(`field ${tag >>> 3}: a request of version 1.0`);
    if (tag !== TAG.symbol) reader.skip(tag);
    else if (symbols.length >= most) throw overLimit("symbols", most);
    else symbols.push(readText(reader, texts, limits.maxLabelValueBytes));
  }
  if (symbols.length > 0 && symbols[0] !== "") throw malformed("the first symbol is not empty");
  return symbols;
}

class RequestDecoder {
  readonly #reader: ProtoReader;
  readonly #symbols: readonly string[];
  readonly #limits: WriteLimits;
  readonly #series: Series[] = [];
  readonly #families = new Map<string, Family>();
  readonly #skipped = { exemplars: 0, histograms: 0 };
  #samples = 0;

  constructor(reader: ProtoReader, symbols: readonly string[], limits: WriteLimits) {
    this.#reader = reader;
    this.#symbols = symbols;
    this.#limits = limits;
  }

  decode(): WriteRequest {
    const reader = this.#reader;
    try {
      for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
        if (tag !== TAG.series) reader.skip(tag);
        else {
          const outer = reader.enter();
          this.#readSeries();
          reader.leave(outer);
        }
      }
    } catch (error) {
      throw error instanceof DecodeError ? error.within(`series ${this.#series.length}`) : error;
    }
    return { series: this.#series, families: [...this.#families.values()], skipped: this.#skipped };
  }

  #readSeries(): void {
    if (this.#series.length >= this.#limits.maxSeries) throw overLimit("series", this.#limits.maxSeries);
    const reader = this.#reader;
    const refs: number[] = [];
    const samples: Sample[] = [];
    let about: { readonly kind: MetricKind; readonly help: string } = { kind: "unknown", help: "" };
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === TAG.label) refs.push(reader.uint32());
      else if (tag === TAG.labels) this.#readRefs(refs);
      else if (tag === TAG.sample) samples.push(this.#readSample());
      else if (tag === TAG.metadata) about = this.#readMetadata();
      else this.#skip(tag);
    }
    const { name, labels } = this.#resolve(refs);
    this.#learn(name, about);
    this.#series.push({ name, ...about, labels, samples });
  }

  #skip(tag: number): void {
    if (tag === TAG.exemplar) this.#skipped.exemplars++;
    if (tag === TAG.histogram) this.#skipped.histograms++;
    this.#reader.skip(tag);
  }

  #readRefs(refs: number[]): void {
    const reader = this.#reader;
    const outer = reader.enter();
    while (reader.at < reader.end) refs.push(reader.uint32());
    reader.leave(outer);
  }

  #readSample(): Sample {
    if (++this.#samples > this.#limits.maxSamples) throw overLimit("samples", this.#limits.maxSamples);
    const outer = this.#reader.enter();
    const sample = readSample(this.#reader);
    this.#reader.leave(outer);
    return sample;
  }

  #readMetadata(): { readonly kind: MetricKind; readonly help: string } {
    const reader = this.#reader;
    const outer = reader.enter();
    let kind: MetricKind = "unknown";
    let help = "";
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === TAG.metadataType) kind = KIND_OF_TYPE.get(reader.uint32()) ?? "unknown";
      else if (tag === TAG.metadataHelp) help = this.#symbol(reader.uint32());
      else reader.skip(tag);
    }
    reader.leave(outer);
    return { kind, help };
  }

  #resolve(refs: readonly number[]): { readonly name: string; readonly labels: Labels } {
    const { maxLabelsPerSeries } = this.#limits;
    if (refs.length % 2 !== 0) throw malformed("an odd number of label references");
    if (refs.length / 2 > maxLabelsPerSeries) throw overLimit("labels", maxLabelsPerSeries);
    const labels: Record<string, string> = {};
    for (let i = 0; i < refs.length; i += 2) {
      const name = this.#symbol(refs[i] ?? 0);
      if (!isLabelName(name)) throw malformed(`${JSON.stringify(name)} is not a label name`);
      if (Object.hasOwn(labels, name)) throw malformed(`label ${name} stands twice`);
      setLabel(labels, name, this.#symbol(refs[i + 1] ?? 0));
    }
    return withoutName(labels);
  }

  #symbol(ref: number): string {
    const symbol = this.#symbols[ref];
    if (symbol === undefined) throw malformed(`symbol ${ref} of ${this.#symbols.length}`);
    return symbol;
  }

  #learn(series: string, { kind, help }: { readonly kind: MetricKind; readonly help: string }): void {
    if (kind === "unknown") return;
    const name = familyName(series, kind);
    if (!this.#families.has(name)) this.#families.set(name, { name, kind, help });
  }
}

/** The metric's name is no label, nor is one without a value. */
function withoutName(all: Labels): { readonly name: string; readonly labels: Labels } {
  const labels: Record<string, string> = {};
  for (const label in all) {
    if (label !== "__name__" && all[label] !== "") setLabel(labels, label, all[label] ?? "");
  }
  const name = all.__name__ ?? "";
  if (!isMetricName(name)) throw malformed(`${JSON.stringify(name)} is not a metric name`);
  return { name, labels };
}

function malformed(what: string): DecodeError {
  return new DecodeError("MALFORMED", what);
}
