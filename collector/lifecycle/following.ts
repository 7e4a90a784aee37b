import { backoffMs } from "../../core/runtime/backoff.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";

export interface FollowingOptions {
  /** As log lines call it. */
  readonly kind: string;
  /** Fields of each log line that say which. */
  readonly which: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Logger;
}

const RETRY = { firstMs: 500, longestMs: 30_000 } as const;

/** A stream of events that is followed again and again, and told of in the log when it fails and when it is back. */
export class Following {
  readonly #options: FollowingOptions;
  #isConnected = false;
  #failures = 0;

  constructor(options: FollowingOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Said by `follow` once it has an answer. */
  connected(): void {
    const { kind, which, log } = this.#options;
    if (this.#failures > 0) log.info(which, `${kind} answers again`);
    this.#failures = 0;
    this.#isConnected = true;
  }

  /** Has `follow` run until `signal` aborts, with a pause after each end; does not reject. */
  async run(follow: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { kind, which, clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        await follow(signal);
      } catch (error) {
        if (signal.aborted) break;
        if (this.#failures++ === 0)
          log.warn({ ...which, problem: errorLine(error) }, `${kind} does not answer`);
      }
      this.#isConnected = false;
      await clock.sleep(backoffMs(RETRY, Math.max(this.#failures, 1), undefined, Math.random()), signal);
    }
  }
}
