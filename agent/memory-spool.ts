import type { Spool, SpoolEntry, SpoolRecord } from "./spool.ts";

/** What an entry takes beside its body: objects and the array's slot. */
const ENTRY_OVERHEAD_BYTES = 200;

/** Holds records in memory: nothing survives the process. */
export class MemorySpool implements Spool {
  readonly #maxBytes: number;
  #entries: SpoolEntry[] = [];
  #bytes = 0;
  #nextId = 1;
  #droppedSamples = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get droppedSamples(): number {
    return this.#droppedSamples;
  }

  async append(record: SpoolRecord): Promise<void> {
    this.#entries.push({ ...record, id: this.#nextId });
    this.#nextId += 1;
    this.#bytes += sizeOf(record);
    while (this.#bytes > this.#maxBytes) this.#droppedSamples += this.#removeOldest();
  }

  async peek(): Promise<SpoolEntry | undefined> {
    return this.#entries[0];
  }

  async acknowledge(id: number): Promise<void> {
    if (this.#entries[0]?.id === id) this.#removeOldest();
  }

  #removeOldest(): number {
    const oldest = this.#entries.shift();
    if (oldest === undefined) return 0;
    this.#bytes -= sizeOf(oldest);
    return oldest.samples;
  }
}

function sizeOf(record: SpoolRecord): number {
  return record.body.length + ENTRY_OVERHEAD_BYTES;
}
