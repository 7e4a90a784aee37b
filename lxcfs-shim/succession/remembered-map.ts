import type { Notebook } from "./notebook.ts";

const encoder = new TextEncoder();

/** A map of plain values (what survives JSON) that the next server finds again; full, it forgets the one unused for longest. */
export class RememberedMap<T> {
  /** In the order they were used. */
  readonly #values = new Map<string, T>();
  readonly #notebook: Notebook;
  readonly #prefix: string;
  readonly #capacity: number;

  constructor(notebook: Notebook, name: string, capacity: number) {
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
    this.#use(key, value);
    // Not Buffer.from: that cuts short texts out of blocks of 8 KiB, and each value would keep a block of its own alive.
    this.#notebook.put(this.#prefix + key, encoder.encode(JSON.stringify(value)));
    const [oldest] = this.#values.keys();
    if (this.#values.size <= this.#capacity || oldest === undefined) return;
    this.#values.delete(oldest);
    this.#notebook.delete(this.#prefix + oldest);
  }

  #use(key: string, value: T): void {
    this.#values.delete(key);
    this.#values.set(key, value);
  }
}
