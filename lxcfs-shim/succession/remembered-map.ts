import type { Notebook } from "./notebook.ts";

const SWEEP_SIZE = 128;

const encoder = new TextEncoder();

/** A map of plain values (what survives JSON) that the next server finds again; full, it forgets the one unused for longest. */
export class RememberedMap<T> {
  /** In the order they were used. */
  readonly #values = new Map<string, T>();
  readonly #notebook: Notebook;
  readonly #prefix: string;
  readonly #capacity: number;
  readonly #isCurrent: (key: string) => boolean;
  /** At this size it is looked through for what is of no use any more: at twice of what was, and never often. */
  #sweepAt = SWEEP_SIZE;

  /** What is not current is forgotten sooner or later. */
  constructor(
    notebook: Notebook,
    name: string,
    capacity: number,
    isCurrent: (key: string) => boolean = () => true,
  ) {
    this.#isCurrent = isCurrent;
    this.#notebook = notebook;
    this.#prefix = `${name} `;
    this.#capacity = capacity;
    for (const key of notebook.keys()) {
      const value = key.startsWith(this.#prefix) ? notebook.get(key) : undefined;
      if (value !== undefined) {
        this.#values.set(key.slice(this.#prefix.length), JSON.parse(Buffer.from(value).toString()));
      }
    }
  }

  get(key: string): T | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.#use(key, value);
    return value;
  }

  set(key: string, value: T): void {
    if (this.#values.size >= this.#sweepAt && !this.#values.has(key)) this.#sweep();
    this.#use(key, value);
    // Not Buffer.from: that cuts short texts out of blocks of 8 KiB, and each value would keep a block of its own alive.
    this.#notebook.put(this.#prefix + key, encoder.encode(JSON.stringify(value)));
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#capacity && oldest !== undefined) this.#forget(oldest);
  }

  get size(): number {
    return this.#values.size;
  }

  #sweep(): void {
    for (const key of [...this.#values.keys()]) if (!this.#isCurrent(key)) this.#forget(key);
    this.#sweepAt = SWEEP_SIZE + 2 * this.#values.size;
  }

  #forget(key: string): void {
    this.#values.delete(key);
    this.#notebook.delete(this.#prefix + key);
  }

  #use(key: string, value: T): void {
    this.#values.delete(key);
    this.#values.set(key, value);
  }
}
