import { backoffMs } from "../../core/runtime/backoff.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { atMost } from "../../core/runtime/patience.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Announcements } from "../lifecycle/announcements.ts";
import { byOurClock, type News, parseNews } from "./news.ts";

export interface PeerOptions {
  readonly url: URL;
  readonly inventory: Pick<Inventory, "learn">;
  readonly announcements: Pick<Announcements, "learn">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Well below the 30 s after which a machine that moves to another collector would be called silent. */
const ASK_MS = 2_000;
const TIMEOUT_MS = 10_000;
const RETRY = { firstMs: ASK_MS, longestMs: 5_000 } as const;

/** Another collector behind the same load balancer: what it hears of machines is asked for again and again. */
export class Peer {
  readonly name: string;
  readonly #options: PeerOptions;
  /** By their clock: what they have told us is not told again. */
  #sinceMs = 0;
  #failures = 0;
  #isConnected = false;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.name = options.url.origin;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Until `signal` aborts; does not reject. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.ask(signal);
      const waitMs =
        this.#failures === 0 ? ASK_MS : backoffMs(RETRY, this.#failures, undefined, Math.random());
      await clock.sleep(waitMs, signal);
    }
  }

  /** Once; does not reject. */
  async ask(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    try {
      const news = await this.#fetch(signal);
      this.#learn(byOurClock(news, clock.nowMs()));
      this.#sinceMs = news.nowMs;
      if (this.#failures > 0) log.info({ peer: this.name }, "peer answers again");
      this.#failures = 0;
      this.#isConnected = true;
    } catch (error) {
      this.#isConnected = false;
      if (!signal.aborted && this.#failures++ === 0)
        log.warn({ peer: this.name, problem: errorLine(error) }, "peer does not answer");
    }
  }

  async #fetch(signal: AbortSignal): Promise<News> {
    const { request } = await import("undici"); // for those who have peers: it costs 19 MB
    const target = new URL(`/api/v1/heard?since=${this.#sinceMs}`, this.#options.url);
    const { statusCode, body } = await request(target, { signal: atMost(TIMEOUT_MS, signal) });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`HTTP ${statusCode}: ${text.slice(0, 200).trim()}`);
    return parseNews(text);
  }

  #learn({ machines, planned }: News): void {
    const { inventory, announcements } = this.#options;
    for (const one of machines) inventory.learn(one);
    for (const one of planned) announcements.learn(one);
  }
}
