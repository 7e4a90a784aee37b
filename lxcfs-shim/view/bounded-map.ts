/** A map that forgets the entry unused for longest when it is full: nothing a container does makes it grow. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #capacity: number;
  readonly #onGone: ((value: V) => void) | undefined;

  /** `onGone` is told each value that is no longer held. */
  constructor(capacity: number, onGone?: (value: V) => void) {
    this.#capacity = capacity;
    this.#onGone = onGone;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    // A Map keeps the order of insertion: what is used moves to the end.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  keys(): Iterable<K> {
    return this.#entries.keys();
  }

  set(key: K, value: V): void {
    if (this.#entries.get(key) !== value) this.delete(key);
    this.#entries.delete(key);
    this.#entries.set(key, value);
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
    if (this.#entries.delete(key) && value !== undefined) this.#onGone?.(value);
  }
}
