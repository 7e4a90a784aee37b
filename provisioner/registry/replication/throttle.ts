import type { Clock } from "../../../core/runtime/clock.ts";
import type { Rate } from "./rate.ts";

/** Lets so many bytes a second pass as the hour allows, of all transfers together. */
export class Throttle {
  readonly #rate: Rate;
  readonly #clock: Clock;
  #freeMs: number;
  #passedBytes = 0;

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#freeMs = clock.monotonicMs();
  }

  get passedBytes(): number {
    return this.#passedBytes;
  }

  async *pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      const nowMs = this.#clock.monotonicMs();
      this.#freeMs = Math.max(nowMs, this.#freeMs) + (chunk.length * 1000) / this.#rate(this.#clock.nowMs());
      if (this.#freeMs > nowMs) await this.#clock.sleep(this.#freeMs - nowMs);
      this.#passedBytes += chunk.length;
      yield chunk;
    }
  }
}
