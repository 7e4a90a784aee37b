import { seriesKey } from "./label-cache.ts";
import { type Family, familyName, type Labels, type MetricKind, type Sample, type Series } from "./series.ts";
import { checkTextSize, DEFAULT_WRITE_LIMITS, overLimit, type WriteLimits } from "./write-limits.ts";

export interface SeriesAbout {
  readonly kind: MetricKind;
  readonly help: string;
}

const UNKNOWN: SeriesAbout = { kind: "unknown", help: "" };

/** What a request held that cannot be kept: how many samples, and why the first of them. */
export interface Rejects {
  readonly samples: number;
  readonly reason: string;
}

/** Puts samples that come one by one together into series, within limits; for protocols that say the labels with each sample. */
export class Gathering {
  readonly #limits: WriteLimits;
  readonly #series = new Map<string, Series & { readonly samples: Sample[] }>();
  readonly #families = new Map<string, Family>();
  #samples = 0;
  #rejected = 0;
  #reason = "";

  constructor(limits: WriteLimits = DEFAULT_WRITE_LIMITS) {
    this.#limits = limits;
  }

  get series(): readonly Series[] {
    return [...this.#series.values()];
  }

  get families(): readonly Family[] {
    return [...this.#families.values()];
  }

  /** Undefined when everything could be kept. */
  get rejected(): Rejects | undefined {
    return this.#rejected === 0 ? undefined : { samples: this.#rejected, reason: this.#reason };
  }

  /** Throws DecodeError `LIMIT`: a request that is too large is refused whole. */
  add(name: string, labels: Labels, sample: Sample, about: SeriesAbout = UNKNOWN): void {
    if (++this.#samples > this.#limits.maxSamples) throw overLimit("samples", this.#limits.maxSamples);
    const key = seriesKey(name, labels);
    const known = this.#series.get(key);
    if (known !== undefined) known.samples.push(sample);
    else {
      this.#check(name, labels);
      this.#series.set(key, { name, ...about, labels, samples: [sample] });
      if (about.kind !== "unknown") this.#learn(name, about);
    }
  }

  /** A sample that cannot be kept; the others of its request can. */
  reject(reason: string, samples = 1): void {
    if (this.#rejected === 0) this.#reason = reason;
    this.#rejected += samples;
  }

  #learn(name: string, { kind, help }: SeriesAbout): void {
    const family = familyName(name, kind);
    if (!this.#families.has(family)) this.#families.set(family, { name: family, kind, help });
  }

  #check(name: string, labels: Labels): void {
    const { maxSeries, maxLabelsPerSeries, maxLabelNameBytes, maxLabelValueBytes } = this.#limits;
    if (this.#series.size >= maxSeries) throw overLimit("series", maxSeries);
    checkTextSize(name.length, maxLabelValueBytes);
    let count = 1;
    for (const label in labels) {
      if (++count > maxLabelsPerSeries) throw overLimit("labels", maxLabelsPerSeries).within(name);
      checkTextSize(label.length, maxLabelNameBytes);
      checkTextSize(Buffer.byteLength(labels[label] ?? ""), maxLabelValueBytes);
    }
  }
}
