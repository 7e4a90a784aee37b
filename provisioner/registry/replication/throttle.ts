import type { Clock } from "../../../core/runtime/clock.ts";

/** Lets so many bytes a second pass, of all transfers together. */
export class Throttle {
  readonly #bytesPerMs: number;
  readonly #clock: Clock;
  #freeMs: number;
  #passedBytes = 0;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#clock = clock;
    this.#freeMs = clock.monotonicMs();
  }

  get passedBytes(): number {
    return this.#passedBytes;
  }

  async *pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      const nowMs = this.#clock.monotonicMs();
      this.#freeMs = Math.max(nowMs, this.#freeMs) + chunk.length / this.#bytesPerMs;
      if (this.#freeMs > nowMs) await this.#clock.sleep(this.#freeMs - nowMs);
      this.#passedBytes += chunk.length;
      yield chunk;
    }
  }
}
