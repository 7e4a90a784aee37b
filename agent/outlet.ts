import type { Delivery, Sink } from "../core/metrics/delivery.ts";
import type { Batch } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";
import { backoffMs } from "./backoff.ts";
import type { Spool, SpoolEntry } from "./spool.ts";

export interface OutletOptions {
  readonly encode: (batch: Batch) => Uint8Array;
  readonly spool: Spool;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 ≤ r < 1, for the jitter of retries. */
  readonly random?: () => number;
}

/** Sample counts since the start, and what is waiting now. */
export interface OutletCounts {
  readonly pushed: number;
  readonly refused: number;
  readonly dropped: number;
  readonly retries: number;
  readonly queueLength: number;
  readonly queueBytes: number;
}

/** One destination: encodes each batch into its spool and delivers from there in order, at its own pace. */
export class Outlet {
  readonly #options: OutletOptions;
  #pushed = 0;
  #refused = 0;
  #retries = 0;
  /** In a row. */
  #failures = 0;
  #wake: () => void = () => {};

  constructor(options: OutletOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.sink.name;
  }

  counts(): OutletCounts {
    const { length, bytes, droppedSamples } = this.#options.spool;
    return {
      pushed: this.#pushed,
      refused: this.#refused,
      dropped: droppedSamples,
      retries: this.#retries,
      queueLength: length,
      queueBytes: bytes,
    };
  }

  async offer(batch: Batch): Promise<void> {
    const { encode, spool } = this.#options;
    const samples = batch.series.reduce((sum, series) => sum + series.samples.length, 0);
    await spool.append({ body: encode(batch), samples });
    this.#wake();
  }

  /** Delivers until `closing` aborts and nothing is left, or until `end` aborts. */
  async run(closing: AbortSignal, end: AbortSignal): Promise<void> {
    closing.addEventListener("abort", () => this.#wake());
    while (!end.aborted) {
      // Made before the look into the spool: an offer during the look must not be missed.
      const offered = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const entry = await this.#options.spool.peek();
      if (entry !== undefined) await this.#deliver(entry, closing, end);
      else if (closing.aborted) return;
      else await offered;
    }
  }

  async #deliver(entry: SpoolEntry, closing: AbortSignal, end: AbortSignal): Promise<void> {
    const { sink, spool, clock, random = Math.random } = this.#options;
    const delivery = await sink.deliver(entry.body, end);
    this.#report(delivery);
    switch (delivery.outcome) {
      case "delivered":
        this.#failures = 0;
        this.#pushed += entry.samples;
        return spool.acknowledge(entry.id);
      case "refused":
        this.#failures = 0;
        this.#refused += entry.samples;
        return spool.acknowledge(entry.id);
      case "retry": {
        this.#retries += 1;
        this.#failures += 1;
        // The end of the program cuts a long wait short: one more attempt, then the usual steps.
        const interrupt = closing.aborted ? end : closing;
        return clock.sleep(backoffMs(this.#failures, delivery.afterMs, random()), interrupt);
      }
    }
  }

  /** Every refusal is a loss and is logged; of an outage its begin and its end. */
  #report(delivery: Delivery): void {
    const { log, sink } = this.#options;
    if (delivery.outcome === "refused")
      log.warn({ sink: sink.name, reason: delivery.reason }, "batch refused");
    else if (delivery.outcome === "retry" && this.#failures === 0) {
      log.warn({ sink: sink.name, reason: delivery.reason }, "push failed, will be retried");
    } else if (delivery.outcome === "delivered" && this.#failures > 0) {
      log.info({ sink: sink.name, failures: this.#failures }, "push works again");
    }
  }
}
