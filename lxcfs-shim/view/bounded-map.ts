/** So few may be of no use: nobody is asked about them. */
const SWEEP_SIZE = 128;

export interface BoundedMapOptions<K, V> {
  /** Told each value that is no longer held. */
  readonly onGone?: (value: V) => void;
  /** What is not current is forgotten sooner or later. */
  readonly isCurrent?: (key: K, value: V) => boolean;
}

/** A map that forgets the entry unused for longest when it is full: nothing a container does makes it grow. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #capacity: number;
  readonly #options: BoundedMapOptions<K, V>;
  /** Used last: mostly it is asked for again, and has its place already. */
  #latest: K | undefined;

  constructor(capacity: number, options: BoundedMapOptions<K, V> = {}) {
    this.#capacity = capacity;
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || key === this.#latest) return value;
    // A Map keeps the order of insertion: what is used moves to the end.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#latest = key;
    return value;
  }

  set(key: K, value: V): void {
    if (!this.#entries.has(key)) this.#sweep();
    if (this.#entries.get(key) !== value) this.delete(key);
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#latest = key;
    if (this.#entries.size <= this.#capacity) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.delete(oldest);
  }

  /** As `set`, for a value that goes on from the one before: nobody is told that that is gone. */
  replace(key: K, value: V): void {
    this.#entries.delete(key);
    this.set(key, value);
  }

  delete(key: K): void {
    const value = this.#entries.get(key);
    if (this.#entries.delete(key) && value !== undefined) this.#options.onGone?.(value);
  }

  /** For each new entry the two unused for longest are looked at: nobody has to wait for a look at all. */
  #sweep(): void {
    const { isCurrent } = this.#options;
    if (isCurrent === undefined || this.#entries.size < SWEEP_SIZE) return;
    const [first, second] = this.#entries;
    for (const entry of [first, second]) {
      if (entry === undefined) continue;
      if (isCurrent(...entry)) this.get(entry[0]);
      else this.delete(entry[0]);
    }
  }
}
