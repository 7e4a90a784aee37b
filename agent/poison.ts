import type { Delivery, Sink } from "../core/metrics/delivery.ts";
import type { Spool } from "../core/runtime/spool.ts";

/** Errors in answer to the same samples after which it is asked whether the receiver takes others. */
const SUSPICIOUS_ERRORS = 3;

/**
 * Tells samples that a receiver answers with an error for ever (some answer 500 to one that is too
 * old) from a receiver that is ill. It takes later ones then, tried at growing distances; those are
 * still delivered in their turn. An outage is an error for all of them.
 */
export class PoisonDetector {
  readonly #sink: Sink;
  readonly #spool: Pick<Spool, "peek" | "lastId">;
  /** In a row. */
  #errors = 0;
  /** The receiver has taken this record out of turn, while it failed at those before. */
  #takenId = 0;

  constructor(sink: Sink, spool: Pick<Spool, "peek" | "lastId">) {
    this.#sink = sink;
    this.#spool = spool;
  }

  /** What was delivered proves that errors are not for ever. */
  clear(): void {
    this.#errors = 0;
  }

  /** Whether what failed is better given up: the record `id`, and perhaps others up to `lastId`. */
  async isPoison(failure: Delivery, id: number, lastId: number, signal: AbortSignal): Promise<boolean> {
    if (failure.outcome !== "retry" || failure.blame !== "samples") {
      this.#errors = 0;
      this.#takenId = 0;
      return false;
    }
    if (id < this.#takenId) return true;
    // At the 3rd, 6th, 12th … error: an ill receiver is not to be asked more and more.
    if (!Number.isInteger(Math.log2(++this.#errors / SUSPICIOUS_ERRORS))) return false;
    this.#takenId = await this.#findTaken(lastId, signal);
    // It may have become well between the two: this one has another try before it is given up.
    return false;
  }

  /** The id of a later record that the receiver takes, 0 without one. */
  async #findTaken(lastId: number, signal: AbortSignal): Promise<number> {
    for (let id = lastId + 1, step = 1; id <= this.#spool.lastId; id += step, step *= 2) {
      const [later] = await this.#spool.peek({ maxBytes: 1, fromId: id });
      if (later === undefined) return 0;
      const answer = await this.#sink.deliver(later.body, signal);
      if (answer.outcome === "delivered") return later.id;
      if (answer.outcome === "retry" && answer.blame !== "samples") return 0;
    }
    return 0;
  }
}
