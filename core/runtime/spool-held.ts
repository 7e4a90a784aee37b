import type { SpoolEntry } from "./spool-record.ts";

/** What an entry takes beside its body: objects and the array's slot. */
const ENTRY_OVERHEAD_BYTES = 200;

/** Entries in order, in memory: what a spool without a disk is made of, and what a full disk does not take. */
export class HeldEntries {
  #entries: SpoolEntry[] = [];
  /** The entries before this one are gone; they are cut off now and then, not one by one. */
  #head = 0;
  #bytes = 0;

  get length(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): SpoolEntry | undefined {
    return this.#entries[this.#head];
  }

  [Symbol.iterator](): Iterator<SpoolEntry> {
    return this.#entries.slice(this.#head)[Symbol.iterator]();
  }

  push(entry: SpoolEntry): void {
    this.#entries.push(entry);
    this.#bytes += sizeOf(entry);
  }

  shift(): SpoolEntry | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#bytes -= sizeOf(entry);
    this.#head++;
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }
}

function sizeOf(entry: SpoolEntry): number {
  return entry.body.length + ENTRY_OVERHEAD_BYTES;
}
