import type { ThreadClock } from "./thread-clock.ts";

/** Until it is measured. */
const GUESS_MS = 0.012;
/** Measured over this much of the thread's time, of which the kernel's count lags by a tick at most … */
const WINDOW_MS = 200;
/** … and looked at once in so many requests: a look is as long as one of them. */
const LOOK_EVERY = 1024;

/**
 * What the device takes of the thread for a request, in read(2) and write(2): most of it, and not to be seen by the clock, for
 * read(2) sleeps as well. So it is how long the kernel says the thread was busy, less what was seen, divided by the requests.
 * Whatever else nobody is charged with (RELEASE, which the kernel sends in nobody's name; collecting garbage) is in it.
 */
export class DeviceTime {
  readonly #clock: Pick<ThreadClock, "busyMs">;
  #perRequestMs = GUESS_MS;
  #requests = 0;
  #seenMs = 0;
  /** How long the thread had been busy when the window began. */
  #startMs: number | undefined;

  constructor(clock: Pick<ThreadClock, "busyMs">) {
    this.#clock = clock;
    this.#startMs = clock.busyMs();
  }

  /** One more request, of which this much was seen: returns what the device took of one lately. */
  count(seenMs: number): number {
    this.#requests += 1;
    this.#seenMs += seenMs;
    if (this.#requests % LOOK_EVERY === 0) this.#look();
    return this.#perRequestMs;
  }

  #look(): void {
    const busyMs = this.#clock.busyMs();
    if (busyMs === undefined || this.#startMs === undefined) return;
    const windowMs = busyMs - this.#startMs;
    if (windowMs < WINDOW_MS) return;
    this.#perRequestMs = Math.max(0, windowMs - this.#seenMs) / this.#requests;
    this.#startMs = busyMs;
    this.#seenMs = 0;
    this.#requests = 0;
  }
}
