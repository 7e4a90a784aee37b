import type { Labels } from "../core/metrics/series.ts";

/** What tells one series of a machine from another. */
export interface SeriesIdentity {
  readonly name: string;
  readonly labels: Labels;
}

type Chained<T> = T & { next?: Chained<T> | undefined };

/**
 * A set of series, found by name and labels in whatever order the labels are. Made for hundreds of
 * thousands: a key string for each would take more memory than everything else that is kept of it.
 */
export class SeriesMap<T extends SeriesIdentity> {
  /** The series of one hash are a chain, nearly always of one. */
  readonly #chains = new Map<number, Chained<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  find(series: SeriesIdentity): T | undefined {
    let entry = this.#chains.get(hashSeries(series));
    while (entry !== undefined && !isSameSeries(entry, series)) entry = entry.next;
    return entry;
  }

  /** The series must not be in the map yet. */
  add(entry: T): void {
    const hash = hashSeries(entry);
    const chained: Chained<T> = entry;
    chained.next = this.#chains.get(hash);
    this.#chains.set(hash, chained);
    this.#size++;
  }

  /** Removes every series `isGone` says so of; returns how many. */
  prune(isGone: (entry: T) => boolean): number {
    const kept = [...this].filter((entry) => !isGone(entry));
    const gone = this.#size - kept.length;
    if (gone > 0) {
      this.#chains.clear();
      this.#size = 0;
      for (const entry of kept) this.add(entry);
    }
    return gone;
  }

  *[Symbol.iterator](): Generator<T> {
    for (const first of this.#chains.values()) {
      for (let entry: Chained<T> | undefined = first; entry !== undefined; entry = entry.next) yield entry;
    }
  }
}

/** The same for any order of the labels: their hashes are added up. 30 bits, which V8 keeps without a box. */
function hashSeries({ name, labels }: SeriesIdentity): number {
  let sum = hashText(name, 0);
  for (const label in labels) sum = (sum + mix(hashText(labels[label] ?? "", hashText(label, 1)))) | 0;
  return sum & 0x3fffffff;
}

/** FNV-1a over code units. */
function hashText(text: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** Spreads every bit over all: sums of plain FNV hashes meet when two labels swap their values. */
function mix(hash: number): number {
  const spread = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return Math.imul(spread ^ (spread >>> 13), 0x297a2d39);
}

function isSameSeries(one: SeriesIdentity, other: SeriesIdentity): boolean {
  if (one.name !== other.name) return false;
  let surplus = 0;
  for (const label in other.labels) {
    if (one.labels[label] !== other.labels[label]) return false;
    surplus++;
  }
  for (const _ in one.labels) surplus--;
  return surplus === 0;
}
