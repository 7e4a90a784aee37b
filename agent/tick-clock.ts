import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";

/** The wall clock drifts against the monotonic one while it is disciplined; more than this is a jump. */
const JUMP_MS = 2000;

/** A step back of up to this is waited out a millisecond at a time, so that no sample is older than the last. */
const BRIDGED_MS = 60_000;

/** The wall clock as timestamps of samples. It may be set while we run. */
export class TickClock {
  readonly #clock: Clock;
  readonly #log: Logger;
  #lastMs = Number.NEGATIVE_INFINITY;
  #offsetMs: number | undefined;
  #jumps = 0;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** How often the clock has been set, as far as was seen. */
  get jumps(): number {
    return this.#jumps;
  }

  /** Ascending, unless the clock was set back by more than can be bridged: receivers judge that. */
  nowMs(): number {
    const nowMs = this.#clock.nowMs();
    this.#watch(nowMs);
    const isBridged = nowMs <= this.#lastMs && this.#lastMs - nowMs <= BRIDGED_MS;
    this.#lastMs = isBridged ? this.#lastMs + 1 : nowMs;
    return this.#lastMs;
  }

  #watch(nowMs: number): void {
    const offsetMs = nowMs - this.#clock.monotonicMs();
    const byMs = offsetMs - (this.#offsetMs ?? offsetMs);
    this.#offsetMs = offsetMs;
    if (Math.abs(byMs) < JUMP_MS) return;
    this.#jumps++;
    this.#log.warn({ byMs: Math.round(byMs) }, "clock was set");
  }
}
