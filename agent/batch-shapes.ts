import type { Batch, Labels, Series } from "../core/metrics/series.ts";
import { hasSameLabels } from "./staleness.ts";

/** Shapes that a batch takes in turn: not every source is asked at every tick. */
const SHAPES = 4;

interface Shape<T> {
  readonly identity: Labels;
  readonly names: readonly string[];
  readonly labels: readonly Labels[];
  /** Type and help text of each series; empty where they make no difference. */
  readonly metadata: readonly string[];
  readonly made: T;
}

/** What is made of a batch, for batches that say the same series again and again: only the values and the time are others. */
export class BatchShapes<T> {
  readonly #hasMetadata: boolean;
  readonly #make: (batch: Batch) => T;
  /** The last one used is the last. */
  readonly #shapes: Shape<T>[] = [];

  /** `hasMetadata` says whether types and help texts go into what is made. */
  constructor(hasMetadata: boolean, make: (batch: Batch) => T) {
    this.#hasMetadata = hasMetadata;
    this.#make = make;
  }

  get(batch: Batch): T {
    const at = this.#shapes.findLastIndex((shape) => isOf(shape, batch));
    const shape = this.#shapes.splice(at, at === -1 ? 0 : 1)[0] ?? this.#shapeOf(batch);
    this.#shapes.push(shape);
    if (this.#shapes.length > SHAPES) this.#shapes.shift();
    return shape.made;
  }

  #shapeOf(batch: Batch): Shape<T> {
    const { identity, series } = batch;
    return {
      identity,
      names: series.map(({ name }) => name),
      labels: series.map(({ labels }) => labels),
      metadata: this.#hasMetadata ? series.flatMap(({ kind, help }) => [kind, help]) : [],
      made: this.#make(batch),
    };
  }
}

function isOf({ identity, names, labels, metadata }: Shape<unknown>, batch: Batch): boolean {
  const { series } = batch;
  if (series.length !== names.length || !hasSameLabels(identity, batch.identity)) return false;
  for (let i = 0; i < series.length; i++) {
    const one = series[i];
    const known = labels[i];
    if (one === undefined || known === undefined || one.name !== names[i]) return false;
    if (one.labels !== known && !hasSameLabels(one.labels, known)) return false;
  }
  return metadata.length === 0 || isSaidOf(metadata, series);
}

function isSaidOf(metadata: readonly string[], series: readonly Series[]): boolean {
  for (let i = 0; i < series.length; i++) {
    if (series[i]?.kind !== metadata[2 * i] || series[i]?.help !== metadata[2 * i + 1]) return false;
  }
  return true;
}

/** The one time of all samples; undefined where a series has one of its own, or more samples than one. */
export function commonTimestampMs({ series }: Batch): number | undefined {
  const timestampMs = series[0]?.samples[0]?.timestampMs;
  for (let i = 0; i < series.length; i++) {
    const samples = series[i]?.samples;
    if (samples?.length !== 1 || samples[0]?.timestampMs !== timestampMs) return undefined;
  }
  return timestampMs;
}
