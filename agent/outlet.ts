import type { Delivery, Rejected } from "../core/metrics/delivery.ts";
import type { Batch } from "../core/metrics/series.ts";
import { backoffMs } from "../core/runtime/backoff.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { Spool } from "../core/runtime/spool.ts";
import type { SpoolEntry } from "../core/runtime/spool-record.ts";
import { type Parcel, ParcelStack } from "./parcel.ts";
import { PoisonDetector } from "./poison.ts";
import type { ProtocolSink } from "./sinks/types.ts";

export interface OutletOptions {
  readonly spool: Spool;
  readonly sink: ProtocolSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** Up to this long before the first push: agents that start together do not push together. */
  readonly staggerMs: number;
  /** 0 ≤ r < 1, for everything that must differ between agents. */
  readonly random?: () => number;
}

/** Sample counts since the start, and what is waiting now. */
export interface OutletCounts {
  readonly pushed: number;
  readonly dropped: Readonly<Record<"full" | "disk" | "expired" | "corrupt" | "refused" | "future", number>>;
  readonly retries: number;
  readonly queueLength: number;
  readonly queueBytes: number;
  /** How far our clock is ahead of the receiver's; undefined where it does not say. */
  readonly skewMs: number | undefined;
}

const STEPS = { firstMs: 1000, longestMs: 60_000 };

/** A delivery's worth: some dozens of batches, so that hours of them are gone in seconds. */
const DELIVERY_BYTES = 65_536;

/**
 * Samples that are dated further ahead of the receiver's clock are not sent: a receiver that takes
 * them takes nothing else of their series until that time has come.
 */
const FUTURE_MS = 600_000;

/** One destination: encodes each batch into its spool and delivers from there in order, at its own pace. */
export class Outlet {
  readonly #options: OutletOptions;
  readonly #stack: ParcelStack;
  readonly #poison: PoisonDetector;
  #pushed = 0;
  #refused = 0;
  #future = 0;
  #retries = 0;
  #skewMs: number | undefined;
  /** In a row. */
  #failures = 0;
  #rejection = "";
  #wake: () => void = () => {};

  constructor(options: OutletOptions) {
    this.#options = options;
    this.#stack = new ParcelStack(options.sink);
    this.#poison = new PoisonDetector(options.sink, options.spool);
  }

  get name(): string {
    return this.#options.sink.name;
  }

  counts(): OutletCounts {
    const { length, bytes, dropped } = this.#options.spool;
    return {
      pushed: this.#pushed,
      dropped: { ...dropped, refused: this.#refused, future: this.#future },
      retries: this.#retries,
      queueLength: length,
      queueBytes: bytes,
      skewMs: this.#skewMs,
    };
  }

  async offer(batch: Batch): Promise<void> {
    const { sink, spool } = this.#options;
    const encoded = sink.encode(batch);
    if (encoded === undefined) return;
    await spool.append({ ...encoded, timeMs: latestMs(batch) });
    this.#wake();
  }

  /** Delivers until `closing` aborts and nothing is left, or until `end` aborts. */
  async run(closing: AbortSignal, end: AbortSignal): Promise<void> {
    const { clock, staggerMs, random = Math.random } = this.#options;
    closing.addEventListener("abort", () => this.#wake());
    if (staggerMs > 0) await clock.sleep(staggerMs * random(), closing);
    while (!end.aborted) {
      // Made before the look into the spool: an offer during the look must not be missed.
      const offered = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const entries = await this.#take(end);
      if (entries.length > 0) await this.#deliver(entries, closing, end);
      else if (closing.aborted) return;
      else await offered;
    }
  }

  /** The records of the next delivery. */
  async #take(end: AbortSignal): Promise<readonly SpoolEntry[]> {
    const { spool, sink, clock, log } = this.#options;
    const entries = await spool.peek({ maxBytes: sink.join === undefined ? 1 : DELIVERY_BYTES });
    if (entries.length === 0 || sink.receiverNowMs === undefined) return entries;
    const receiverMs = await sink.receiverNowMs(end);
    if (receiverMs === undefined) return entries;
    this.#skewMs = clock.nowMs() - receiverMs;
    const isFuture = ({ timeMs }: SpoolEntry): boolean => timeMs > receiverMs + FUTURE_MS;
    const firstFuture = entries.findIndex(isFuture);
    if (firstFuture !== 0) return firstFuture === -1 ? entries : entries.slice(0, firstFuture);
    const firstFit = entries.findIndex((entry) => !isFuture(entry));
    const future = entries.slice(0, firstFit === -1 ? entries.length : firstFit);
    this.#future += samplesOf(future);
    log.warn(
      { sink: sink.name, aheadMs: this.#skewMs },
      "samples dated ahead of the receiver's clock dropped",
    );
    await spool.acknowledge(future.at(-1)?.id ?? 0);
    return this.#take(end);
  }

  /** All of them, however long it takes: what is being delivered is the same bytes at every try. */
  async #deliver(entries: readonly SpoolEntry[], closing: AbortSignal, end: AbortSignal): Promise<void> {
    const lastId = entries.at(-1)?.id ?? 0;
    this.#stack.load(entries);
    for (let parcel = this.#stack.next; parcel !== undefined; parcel = this.#stack.next) {
      if (!(await this.#attempt(parcel, lastId, closing, end))) return;
    }
    await this.#options.spool.acknowledge(lastId);
  }

  /** One try, and the wait after a failure. False when there is to be no other. */
  async #attempt(parcel: Parcel, lastId: number, closing: AbortSignal, end: AbortSignal): Promise<boolean> {
    const { sink, clock, random = Math.random } = this.#options;
    const delivery = await sink.deliver(this.#stack.bodyOf(parcel), end);
    if (delivery.outcome === "delivered") {
      this.#noteTaken(samplesOf(parcel.contents), delivery.rejected);
      return true;
    }
    if (delivery.outcome === "refused" || (await this.#poison.isPoison(delivery, parcel.id, lastId, end))) {
      this.#noteRefused(delivery);
      return true;
    }
    if (end.aborted) return false;
    this.#noteFailure(delivery.reason);
    if (await this.#isGone(lastId)) return false;
    // The end of the program cuts a long wait short: one more attempt, then the usual steps.
    const interrupt = closing.aborted ? end : closing;
    await clock.sleep(backoffMs(STEPS, this.#failures, delivery.afterMs, random()), interrupt);
    return !end.aborted;
  }

  /** Too old by now, or given up for what is new. */
  async #isGone(lastId: number): Promise<boolean> {
    const [first] = await this.#options.spool.peek({ maxBytes: 1 });
    return first === undefined || first.id > lastId;
  }

  #noteTaken(samples: number, rejected: Rejected | undefined): void {
    const { log, sink } = this.#options;
    if (this.#failures > 0) log.info({ sink: sink.name, failures: this.#failures }, "push works again");
    this.#failures = 0;
    this.#poison.clear();
    this.#stack.taken();
    this.#pushed += samples - (rejected?.samples ?? 0);
    this.#refused += rejected?.samples ?? 0;
    // A receiver that does not know some of the series says so each time.
    if (rejected !== undefined && rejected.reason !== this.#rejection)
      log.warn({ sink: sink.name, reason: rejected.reason }, "samples rejected");
    this.#rejection = rejected?.reason ?? "";
  }

  #noteRefused({ reason, blame }: Exclude<Delivery, { outcome: "delivered" }>): void {
    const { log, sink } = this.#options;
    const samples = this.#stack.refused(blame === "samples");
    this.#failures = 0;
    this.#refused += samples;
    if (samples > 0) log.warn({ sink: sink.name, samples, reason }, "samples refused");
  }

  /** Of an outage its begin is logged, and its end. */
  #noteFailure(reason: string): void {
    const { log, sink } = this.#options;
    if (this.#failures === 0) log.warn({ sink: sink.name, reason }, "push failed, will be retried");
    this.#retries += 1;
    this.#failures += 1;
  }
}

function samplesOf(some: readonly { readonly samples: number }[]): number {
  return some.reduce((sum, { samples }) => sum + samples, 0);
}

function latestMs({ series }: Batch): number {
  let latest = 0;
  for (let i = 0; i < series.length; i++) {
    const atMs = series[i]?.samples.at(-1)?.timestampMs ?? 0;
    if (atMs > latest) latest = atMs;
  }
  return latest;
}
