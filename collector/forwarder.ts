import type { Delivery } from "../core/metrics/delivery.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";
import { backoffMs } from "./backoff.ts";
import type { Chunk, Queue, QueuedChunk } from "./queue.ts";
import type { OpenSink } from "./sinks/types.ts";

export interface ForwarderOptions {
  readonly sink: OpenSink;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly log: Logger;
  /** Bytes of one delivery, before the sink compresses it. */
  readonly maxDeliveryBytes: number;
  /** What could not be delivered for this long is given up: a receiver may answer 500 to it for ever. */
  readonly maxAgeMs: number;
}

/** While stopping, one failure does not cost the whole grace period. */
const LONGEST_WAIT_WHILE_STOPPING_MS = 500;

/**
 * Moves chunks from a queue into a sink: one delivery at a time, so that order is kept, with as many
 * chunks in one as fit. Lives from the constructor to `close`.
 */
export class Forwarder {
  /** What became of the samples, and how often a delivery has to be tried again. */
  readonly counts = { delivered: 0, refused: 0, expired: 0, retries: 0 };
  readonly #options: ForwarderOptions;
  readonly #stopping = new AbortController();
  readonly #aborted = new AbortController();
  readonly #ended: Promise<void>;
  #failures = 0;
  #failing: { readonly sinceMs: number; readonly reason: string } | undefined;
  #hasRefused = false;
  #wake: () => void = () => {};

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  get name(): string {
    return this.#options.sink.name;
  }

  get queue(): Pick<Queue, "length" | "bytes" | "isFull" | "droppedSamples"> {
    return this.#options.queue;
  }

  /** Since when, monotonic, every delivery has failed, and the last reason; undefined while all is well. */
  get failing(): { readonly sinceMs: number; readonly reason: string } | undefined {
    return this.#failing;
  }

  async offer(chunk: Chunk): Promise<void> {
    await this.#options.queue.append(chunk);
    this.#wake();
  }

  /** Delivers what is queued, for as long as `graceMs`; then closes the sink, whatever is left. */
  async close(graceMs: number): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    const grace = setTimeout(() => this.#aborted.abort(), graceMs);
    await this.#ended;
    clearTimeout(grace);
    await this.#options.sink.close();
    const { queue, log } = this.#options;
    if (queue.length > 0)
      log.warn({ sink: this.name, bytes: queue.bytes }, "stopped with undelivered samples");
  }

  async #run(): Promise<void> {
    const { queue, maxDeliveryBytes } = this.#options;
    while (!this.#aborted.signal.aborted) {
      const chunks = await queue.peek(maxDeliveryBytes);
      if (chunks.length > 0) await this.#forward(chunks);
      else if (this.#stopping.signal.aborted) return;
      else await this.#arrival();
    }
  }

  /** Resolves when something has been appended, or the forwarder is to stop. */
  #arrival(): Promise<void> {
    if (this.#options.queue.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #forward(chunks: readonly QueuedChunk[]): Promise<void> {
    const delivery = await this.#deliver(chunks);
    if (delivery.outcome !== "retry") return;
    if (this.#aborted.signal.aborted) return;
    this.#noteFailure(delivery.reason);
    if (await this.#giveUpExpired(chunks)) return;
    await this.#pause(backoffMs(this.#failures, delivery.afterMs, Math.random()));
  }

  /**
   * Delivers the chunks and takes them off the queue; after "retry" those not delivered are still on
   * it. A refused delivery is halved until the one chunk is found that is to blame: receivers refuse
   * a whole request for one bad sample.
   */
  async #deliver(chunks: readonly QueuedChunk[]): Promise<Delivery> {
    const { sink } = this.#options;
    const delivery = await sink.deliver(sink.join(chunks.map(({ body }) => body)), this.#aborted.signal);
    if (delivery.outcome === "retry") return delivery;
    if (delivery.outcome === "refused" && chunks.length > 1) {
      const half = chunks.length >> 1;
      const first = await this.#deliver(chunks.slice(0, half));
      return first.outcome === "retry" ? first : this.#deliver(chunks.slice(half));
    }
    await this.#settle(chunks, delivery);
    return delivery;
  }

  async #settle(chunks: readonly QueuedChunk[], delivery: Delivery): Promise<void> {
    await this.#remove(chunks, delivery.outcome === "delivered" ? "delivered" : "refused");
    this.#noteAnswer();
    if (delivery.outcome === "delivered") {
      this.#hasRefused = false;
    } else if (!this.#hasRefused) {
      this.#hasRefused = true;
      this.#options.log.warn({ sink: this.name, reason: delivery.reason }, "sink refuses samples");
    }
  }

  async #remove(chunks: readonly QueuedChunk[], outcome: "delivered" | "refused" | "expired"): Promise<void> {
    for (const chunk of chunks) this.counts[outcome] += chunk.samples;
    const last = chunks.at(-1);
    if (last !== undefined) await this.#options.queue.acknowledge(last.id);
  }

  async #giveUpExpired(chunks: readonly QueuedChunk[]): Promise<boolean> {
    const { clock, maxAgeMs } = this.#options;
    const oldestMs = clock.nowMs() - maxAgeMs;
    const expired = chunks.filter(({ receivedMs }) => receivedMs < oldestMs);
    await this.#remove(expired, "expired");
    return expired.length > 0;
  }

  #noteFailure(reason: string): void {
    const { clock, log } = this.#options;
    this.counts.retries++;
    this.#failures++;
    if (this.#failing === undefined) log.warn({ sink: this.name, reason }, "sink does not take samples");
    this.#failing = { sinceMs: this.#failing?.sinceMs ?? clock.monotonicMs(), reason };
  }

  #noteAnswer(): void {
    if (this.#failing !== undefined) this.#options.log.info({ sink: this.name }, "sink takes samples again");
    this.#failing = undefined;
    this.#failures = 0;
  }

  /** Ends early when the forwarder is to stop: one more attempt is made at once then. */
  async #pause(ms: number): Promise<void> {
    const { clock } = this.#options;
    if (!this.#stopping.signal.aborted) await clock.sleep(ms, this.#stopping.signal);
    else await clock.sleep(Math.min(ms, LONGEST_WAIT_WHILE_STOPPING_MS), this.#aborted.signal);
  }
}
