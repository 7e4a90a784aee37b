import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readUptime } from "../../core/kernel/proc/uptime.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Container } from "../view/container.ts";

/** By then a runtime has set the limits of what it has begun, and looked at its files for the last time. */
const BEGINNING_MS = 2000;
/** linux/jiffies.h, USER_HZ: start times are in hundredths of a second. */
const TICK_MS = 10;

/**
 * Whether a container has just begun. Its runtime looks at the files that it mounts before it sets the limits: what it was
 * told must not be told to the container's own first process, a moment later.
 */
export class Beginnings {
  readonly #root: HostRoot;
  readonly #clock: Clock;
  /** From the clock to the time since boot, which goes on while a host is suspended. */
  #offsetMs: number;

  constructor(root: HostRoot, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
    this.#offsetMs = this.#readOffset();
  }

  has({ startTicks }: Pick<Container, "startTicks">): boolean {
    return this.#isYoung(startTicks) && this.#isYoungStill(startTicks);
  }

  #isYoungStill(startTicks: number): boolean {
    this.#offsetMs = this.#readOffset();
    return this.#isYoung(startTicks);
  }

  #isYoung(startTicks: number): boolean {
    return this.#clock.monotonicMs() + this.#offsetMs - startTicks * TICK_MS < BEGINNING_MS;
  }

  /** Infinite where the kernel does not say: nobody is young then. */
  #readOffset(): number {
    const uptimeSeconds = readUptime(this.#root)?.uptimeSeconds ?? Number.POSITIVE_INFINITY;
    return uptimeSeconds * 1000 - this.#clock.monotonicMs();
  }
}
