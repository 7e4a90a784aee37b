import type { Clock } from "../core/runtime/clock.ts";

/** What a client may bring at once, in seconds of its rate: an agent that was cut off for a while catches up. */
const BURST_MS = 60_000;
const MAX_CLIENTS = 100_000;

/**
 * How much each client brings. A request is taken whole, whatever is in it, and paid for afterwards:
 * until then the next one has to wait.
 */
export class ClientRates {
  /** Requests that had to wait. */
  refused = 0;
  readonly #msPerSample: number;
  readonly #clock: Clock;
  /** When, monotonic, what a client has brought is paid for. */
  readonly #paidMs = new Map<string, number>();

  /** No limit with `Infinity`. */
  constructor(samplesPerSecond: number, clock: Clock) {
    this.#msPerSample = 1000 / samplesPerSecond;
    this.#clock = clock;
  }

  /** How long the client has to wait, counted; 0 when it need not. */
  waitMs(client: string): number {
    const waitMs = (this.#paidMs.get(client) ?? 0) - this.#clock.monotonicMs() - BURST_MS;
    if (waitMs <= 0) return 0;
    this.refused++;
    return waitMs;
  }

  charge(client: string, samples: number): void {
    if (this.#msPerSample === 0) return;
    const nowMs = this.#clock.monotonicMs();
    if (this.#paidMs.size >= MAX_CLIENTS) this.#forget(nowMs);
    const sinceMs = Math.max(this.#paidMs.get(client) ?? 0, nowMs);
    this.#paidMs.set(client, sinceMs + samples * this.#msPerSample);
  }

  /** Who has paid is nobody we need to remember; if all are in debt the oldest goes. */
  #forget(nowMs: number): void {
    for (const [client, paidMs] of this.#paidMs) if (paidMs <= nowMs) this.#paidMs.delete(client);
    const [oldest] = this.#paidMs.keys();
    if (this.#paidMs.size >= MAX_CLIENTS && oldest !== undefined) this.#paidMs.delete(oldest);
  }
}
