import type { Clock } from "../core/runtime/clock.ts";
import { PlimsollError } from "../core/runtime/errors.ts";

export interface HangGuardOptions {
  readonly clock: Clock;
  /**
   * Operations at a time, hung ones included. Each holds a thread of libuv's pool until the kernel
   * answers, so this must stay below UV_THREADPOOL_SIZE: name look-ups need a thread too.
   */
  readonly slots: number;
  readonly deadlineMs: number;
}

/** An operation on a path. */
interface Outstanding {
  /** On the monotonic clock; undefined while it waits for a slot. */
  dueMs: number | undefined;
  /** It has missed its deadline. */
  isStuck: boolean;
  expire: () => void;
}

/**
 * Runs operations on paths that may never answer: a read of a FUSE file whose server hangs, statfs
 * of a lost NFS mount. Nothing in user space can cancel those, so each path has at most one
 * outstanding operation, and one that misses its deadline keeps its path closed until it returns.
 */
export class HangGuard {
  readonly #clock: Clock;
  readonly #slots: number;
  readonly #deadlineMs: number;
  readonly #outstanding = new Map<string, Outstanding>();
  #waiting: { readonly start: () => void; readonly refuse: () => void }[] = [];
  #running = 0;
  #isWatching = false;
  /** Wakes the watch when there is nothing left to watch. */
  #answered = new AbortController();

  constructor(options: HangGuardOptions) {
    this.#clock = options.clock;
    this.#slots = options.slots;
    this.#deadlineMs = options.deadlineMs;
  }

  /** Paths that have missed their deadline and have not answered since. */
  stuck(): readonly string[] {
    return [...this.#outstanding].filter(([, { isStuck }]) => isStuck).map(([path]) => path);
  }

  /** Rejects with code `STUCK` past the deadline, at once for a path that still is, or when every slot is. */
  async run<T>(path: string, operation: () => Promise<T>): Promise<T> {
    if (this.#outstanding.has(path)) throw stuckError(path, "an earlier operation has not been answered");
    const entry: Outstanding = { dueMs: undefined, isStuck: false, expire: () => {} };
    this.#outstanding.set(path, entry);
    try {
      await this.#takeSlot(path);
    } catch (error) {
      this.#outstanding.delete(path);
      throw error;
    }
    entry.dueMs = this.#clock.monotonicMs() + this.#deadlineMs;
    void this.#watch();
    return new Promise((resolve, reject) => {
      entry.expire = () => reject(stuckError(path, `no answer within ${this.#deadlineMs} ms`));
      operation()
        .finally(() => {
          this.#outstanding.delete(path);
          this.#freeSlot();
          if (this.#awaited().length === 0) this.#answered.abort("answered");
        })
        .then(resolve, reject); // Past the deadline nobody is there to hear of it.
    });
  }

  /** One timer for all of them: nearly always everything answers long before. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    for (let awaited = this.#awaited(); awaited.length > 0; awaited = this.#awaited()) {
      const dueMs = Math.min(...awaited.map((entry) => entry.dueMs ?? Number.POSITIVE_INFINITY));
      this.#answered = new AbortController();
      // With a reason when it is aborted: without one an exception and its stack are made each time.
      await this.#clock.sleep(dueMs - this.#clock.monotonicMs(), this.#answered.signal);
      this.#expire();
    }
    this.#isWatching = false;
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const entry of this.#awaited()) {
      if ((entry.dueMs ?? nowMs) > nowMs) continue;
      entry.isStuck = true;
      entry.expire();
    }
    this.#refuseIfAllStuck();
  }

  /** What runs and has not missed its deadline. */
  #awaited(): readonly Outstanding[] {
    return [...this.#outstanding.values()].filter(({ dueMs, isStuck }) => dueMs !== undefined && !isStuck);
  }

  #takeSlot(path: string): Promise<void> {
    if (this.#running < this.#slots) {
      this.#running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ start: resolve, refuse: () => reject(stuckError(path, "every reader is stuck")) });
      this.#refuseIfAllStuck();
    });
  }

  /** The slot goes to the one that has waited longest. */
  #freeSlot(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next.start();
  }

  #refuseIfAllStuck(): void {
    if (this.stuck().length < this.#slots) return;
    for (const { refuse } of this.#waiting.splice(0)) refuse();
  }
}

function stuckError(path: string, why: string): PlimsollError {
  return new PlimsollError("STUCK", `${path}: ${why}`);
}
