import type { Sample } from "../core/metrics/series.ts";
import type { Shape } from "./shapes.ts";

/** Numbers of a row: the sample's time and value, when we heard of it, and whether the series has ended. */
const WIDTH = 4;
const FIRST_ROWS = 16;

/**
 * The latest sample of each series of one machine, in one block of numbers: an object for each would
 * take ten times as much, and there are hundreds of thousands.
 */
export class LatestTable {
  readonly #rows = new Map<Shape, number>();
  #numbers = new Float64Array(FIRST_ROWS * WIDTH);

  get size(): number {
    return this.#rows.size;
  }

  shapes(): IterableIterator<Shape> {
    return this.#rows.keys();
  }

  has(shape: Shape): boolean {
    return this.#rows.has(shape);
  }

  /** The sample that is kept of a shape, and when it was heard of, monotonic. */
  find(shape: Shape): { readonly sample: Sample; readonly heardMs: number } | undefined {
    const at = this.#rows.get(shape);
    if (at === undefined) return undefined;
    const [timestampMs = 0, value = 0, heardMs = 0, stale = 0] = this.#numbers.subarray(at, at + WIDTH);
    return { sample: stale === 0 ? { timestampMs, value } : { timestampMs, value, stale: true }, heardMs };
  }

  timestampMs(shape: Shape): number | undefined {
    const at = this.#rows.get(shape);
    return at === undefined ? undefined : this.#numbers[at];
  }

  put(shape: Shape, { timestampMs, value, stale }: Sample, heardMs: number): void {
    const at = this.#rows.get(shape) ?? this.#add(shape);
    this.#numbers[at] = timestampMs;
    this.#numbers[at + 1] = value;
    this.#numbers[at + 2] = heardMs;
    this.#numbers[at + 3] = stale ? 1 : 0;
  }

  /** The value of a series heard of after `sinceMs` that has not ended; undefined for any other. */
  valueSince(shape: Shape, sinceMs: number): number | undefined {
    const at = this.#rows.get(shape);
    if (at === undefined || this.#numbers[at + 3] !== 0) return undefined;
    return (this.#numbers[at + 2] ?? 0) < sinceMs ? undefined : this.#numbers[at + 1];
  }

  /** Removes what has not been heard of since `sinceMs`; returns the shapes. */
  prune(sinceMs: number): readonly Shape[] {
    const gone = [...this.#rows].filter(([, at]) => (this.#numbers[at + 2] ?? 0) < sinceMs);
    if (gone.length === 0) return [];
    for (const [shape] of gone) this.#rows.delete(shape);
    const kept = new Float64Array(Math.max(this.#rows.size, FIRST_ROWS) * WIDTH);
    let end = 0;
    for (const [shape, at] of this.#rows) {
      kept.set(this.#numbers.subarray(at, at + WIDTH), end);
      this.#rows.set(shape, end);
      end += WIDTH;
    }
    this.#numbers = kept;
    return gone.map(([shape]) => shape);
  }

  #add(shape: Shape): number {
    const at = this.#rows.size * WIDTH;
    if (at >= this.#numbers.length) {
      const grown = new Float64Array(Math.ceil(this.#numbers.length * 0.375) * WIDTH);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#rows.set(shape, at);
    return at;
  }
}
