/** Encoded series that wait for one sink. */
export interface Chunk {
  readonly body: Uint8Array;
  /** How many samples are in it, for the counters. */
  readonly samples: number;
  /** When it came in, milliseconds since 1970. */
  readonly receivedMs: number;
}

export interface QueuedChunk extends Chunk {
  /** Ascending in the order of appending; never used twice. */
  readonly id: number;
}

/**
 * What stands between taking a batch in and delivering it: bounded, in order, drops its oldest when
 * full. What has been appended may be acknowledged to its sender as soon as `append` resolves.
 */
export interface Queue {
  readonly length: number;
  readonly bytes: number;
  /** The next append may drop something. */
  readonly isFull: boolean;
  readonly droppedSamples: number;
  append(chunk: Chunk): Promise<void>;
  /** The oldest chunks, in order, of `maxBytes` together, but one at least where there is one. */
  peek(maxBytes: number): Promise<readonly QueuedChunk[]>;
  /** Removes everything up to and including `id`; those dropped meanwhile are gone already. */
  acknowledge(id: number): Promise<void>;
}

/** A queue that a restart empties. */
export class MemoryQueue implements Queue {
  readonly #maxBytes: number;
  #chunks: QueuedChunk[] = [];
  /** The chunks before this one are gone; they are cut off now and then, not one by one. */
  #head = 0;
  #lastId = 0;
  #bytes = 0;
  #droppedSamples = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#chunks.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  get droppedSamples(): number {
    return this.#droppedSamples;
  }

  async append(chunk: Chunk): Promise<void> {
    this.#chunks.push({ ...chunk, id: ++this.#lastId });
    this.#bytes += chunk.body.length;
    while (this.#bytes > this.#maxBytes && this.length > 1) this.#droppedSamples += this.#removeOldest();
  }

  async peek(maxBytes: number): Promise<readonly QueuedChunk[]> {
    let end = this.#head;
    let bytes = 0;
    for (; end < this.#chunks.length; end++) {
      bytes += this.#chunks[end]?.body.length ?? 0;
      if (bytes > maxBytes && end > this.#head) break;
    }
    return this.#chunks.slice(this.#head, end);
  }

  async acknowledge(id: number): Promise<void> {
    while ((this.#chunks[this.#head]?.id ?? Number.POSITIVE_INFINITY) <= id) this.#removeOldest();
  }

  /** Returns how many samples went with it. */
  #removeOldest(): number {
    const oldest = this.#chunks[this.#head];
    if (oldest === undefined) return 0;
    this.#bytes -= oldest.body.length;
    this.#head++;
    if (this.#head * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
    return oldest.samples;
  }
}
