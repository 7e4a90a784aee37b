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

/**
 * Runs operations on paths that may never answer: a read of a FUSE file whose server hangs, statfs
 * of a lost NFS mount. Nothing in user space can cancel those, so each path has at most one
 * outstanding operation, and one that misses its deadline keeps its path closed until it returns.
 */
export class HangGuard {
  readonly #clock: Clock;
  readonly #slots: number;
  readonly #deadlineMs: number;
  /** Path → whether it has missed its deadline. */
  readonly #outstanding = new Map<string, { stuck: boolean }>();
  #waiting: { readonly start: () => void; readonly refuse: () => void }[] = [];
  #running = 0;

  constructor(options: HangGuardOptions) {
    this.#clock = options.clock;
    this.#slots = options.slots;
    this.#deadlineMs = options.deadlineMs;
  }

  /** Paths that have missed their deadline and have not answered since. */
  stuck(): readonly string[] {
    return [...this.#outstanding].filter(([, operation]) => operation.stuck).map(([path]) => path);
  }

  /** Rejects with code `STUCK` past the deadline, at once for a path that still is, or when every slot is. */
  async run<T>(path: string, operation: () => Promise<T>): Promise<T> {
    if (this.#outstanding.has(path)) throw stuckError(path, "an earlier operation has not been answered");
    const entry = { stuck: false };
    this.#outstanding.set(path, entry);
    try {
      await this.#takeSlot(path);
    } catch (error) {
      this.#outstanding.delete(path);
      throw error;
    }
    const answered = new AbortController();
    const answer = operation().finally(() => {
      answered.abort("answered"); // With a reason: without one an exception and its stack are made each time.
      this.#outstanding.delete(path);
      this.#freeSlot();
    });
    answer.catch(() => {}); // Past the deadline nobody is there to hear of it.
    await this.#clock.sleep(this.#deadlineMs, answered.signal);
    if (answered.signal.aborted) return answer;
    entry.stuck = true;
    this.#refuseIfAllStuck();
    throw stuckError(path, `no answer within ${this.#deadlineMs} ms`);
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
