import type { Labels, Series } from "./series.ts";

/** An entry that was not asked for in this many batches, or twice as many, is forgotten. */
const BATCHES = 30;

/**
 * What is made of a series' name and labels, kept from batch to batch: between two batches of the
 * same sender only the values change.
 */
export class LabelCache<T> {
  readonly #make: (series: Series, identity: Labels) => T;
  #identity: Labels = {};
  #identityKey = "";
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #batches = 0;

  constructor(make: (series: Series, identity: Labels) => T) {
    this.#make = make;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** To be called before the series of a batch are asked for. Another identity makes everything another. */
  begin(identity: Labels): void {
    const key = seriesKey("", identity);
    if (key !== this.#identityKey) {
      this.#young.clear();
      this.#old.clear();
    } else if (++this.#batches % BATCHES === 0) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#identity = identity;
    this.#identityKey = key;
  }

  get(series: Series): T {
    const key = seriesKey(series.name, series.labels);
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const made = this.#old.get(key) ?? this.#make(series, this.#identity);
    this.#old.delete(key);
    this.#young.set(key, made);
    return made;
  }
}

/** The same for two series when they have the same name and labels. A value may hold anything, so its length stands before it. */
export function seriesKey(name: string, labels: Labels): string {
  let key = name;
  for (const label in labels) {
    const value = labels[label] ?? "";
    key += `\n${label} ${value.length} ${value}`;
  }
  return key;
}
