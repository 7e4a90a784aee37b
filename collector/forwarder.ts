import type { Delivery } from "../core/metrics/delivery.ts";
import { backoffMs } from "../core/runtime/backoff.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { Spool } from "../core/runtime/spool.ts";
import type { SpoolEntry, SpoolRecord } from "../core/runtime/spool-record.ts";
import type { OpenSink } from "./sinks/types.ts";

export interface ForwarderOptions {
  readonly sink: OpenSink;
  /** Drops what could not be delivered for too long: a receiver may answer 500 to it for ever. */
  readonly spool: Spool;
  /** Beyond this much the spool drops its oldest. */
  readonly maxSpoolBytes: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Bytes of one delivery, before the sink compresses it. */
  readonly maxDeliveryBytes: number;
}

type Settled = Exclude<Delivery, { outcome: "retry" }>;

const RETRY = { firstMs: 250, longestMs: 30_000 } as const;
/** The part of a spool that fills before its oldest goes. */
const FULL = 0.9;
/** While stopping, one failure does not cost the whole grace period. */
const LONGEST_WAIT_WHILE_STOPPING_MS = 500;

/**
 * Moves what is spooled into a sink: one delivery at a time, so that order is kept, with as many
 * entries in one as fit. Lives from the constructor to `close`.
 */
export class Forwarder {
  /** What became of the samples, and how often a delivery has to be tried again. */
  readonly counts = { delivered: 0, refused: 0, retries: 0 };
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

  get spool(): Pick<Spool, "length" | "bytes" | "dropped"> {
    return this.#options.spool;
  }

  /** What is offered soon costs the oldest: a spool on disk gives up a part at a time. */
  get isFull(): boolean {
    return this.#options.spool.bytes >= this.#options.maxSpoolBytes * FULL;
  }

  /** Since when, monotonic, every delivery has failed, and the last reason; undefined while all is well. */
  get failing(): { readonly sinceMs: number; readonly reason: string } | undefined {
    return this.#failing;
  }

  /** Resolves when it is as durable as the spool makes it; rejects when the spool cannot keep it. */
  async offer(record: SpoolRecord): Promise<void> {
    await this.#options.spool.append(record);
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
    const { spool, log } = this.#options;
    const { length, bytes } = spool;
    await spool.close();
    if (length > 0) log.warn({ sink: this.name, bytes }, "stopped with undelivered samples");
  }

  async #run(): Promise<void> {
    const { spool, maxDeliveryBytes } = this.#options;
    while (!this.#aborted.signal.aborted) {
      const entries = await spool.peek({ maxBytes: maxDeliveryBytes });
      if (entries.length > 0) await this.#forward(entries);
      else if (this.#stopping.signal.aborted) return;
      else await this.#arrival();
    }
  }

  /** Resolves when something has been appended, or the forwarder is to stop. */
  #arrival(): Promise<void> {
    if (this.#options.spool.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #forward(entries: readonly SpoolEntry[]): Promise<void> {
    const delivery = await this.#deliver(entries);
    if (delivery.outcome !== "retry") return;
    if (this.#aborted.signal.aborted) return;
    this.#noteFailure(delivery.reason);
    await this.#pause(backoffMs(RETRY, this.#failures, delivery.afterMs, Math.random()));
  }

  /**
   * Delivers the entries and takes them off the spool; after "retry" those not delivered are still on
   * it. A refused delivery is halved until the one entry is found that is to blame: receivers refuse
   * a whole request for one bad sample.
   */
  async #deliver(entries: readonly SpoolEntry[]): Promise<Delivery> {
    const { sink } = this.#options;
    const delivery = await sink.deliver(sink.join(entries.map(({ body }) => body)), this.#aborted.signal);
    if (delivery.outcome === "retry") return delivery;
    if (delivery.outcome === "refused" && entries.length > 1) {
      const half = entries.length >> 1;
      const first = await this.#deliver(entries.slice(0, half));
      return first.outcome === "retry" ? first : this.#deliver(entries.slice(half));
    }
    await this.#settle(entries, delivery);
    return delivery;
  }

  async #settle(entries: readonly SpoolEntry[], delivery: Settled): Promise<void> {
    for (const entry of entries) this.counts[delivery.outcome] += entry.samples;
    await this.#options.spool.acknowledge(entries.at(-1)?.id ?? 0);
    this.#noteAnswer();
    if (delivery.outcome === "delivered") {
      this.#hasRefused = false;
    } else if (!this.#hasRefused) {
      this.#hasRefused = true;
      this.#options.log.warn({ sink: this.name, reason: delivery.reason }, "sink refuses samples");
    }
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
