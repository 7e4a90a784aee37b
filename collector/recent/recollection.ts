import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { MEASURES } from "../compare/measures.ts";
import type { HistoryReader, Wanted } from "../history/reader.ts";
import type { History } from "../inventory/history-record.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { RECENT_STEP_MS, type Recent } from "./recent.ts";

export interface RecollectionOptions {
  readonly recent: Pick<Recent, "recall" | "newestMs">;
  /** Undefined where no history is kept: then there is nothing to remember. */
  readonly reader: HistoryReader | undefined;
  readonly inventory: Pick<Inventory, "machines">;
  readonly clock: Clock;
  readonly log: Logger;
}

const HOUR_MS = 3_600_000;
/** One whose figures are older than this is heard of elsewhere, or not at all. */
const OLD_MS = 180_000;
/** How often such a one is read again. */
const AGAIN_MS = 300_000;
/** Whoever pushes goes first: reading takes at most a fifth of the time. */
const [LEAST_REST_MS, REST_FACTOR, IDLE_REST_MS] = [5, 4, 5_000];

const EVERYTHING: Wanted = {
  names: MEASURES.flatMap(({ names }) => names),
  needs: (series) => MEASURES.some((measure) => measure.needs(series)),
};

/**
 * Reads the last hour of machines out of history, one after the other: of all after a start, and now and then of
 * those that are heard of by another collector.
 */
export class Recollection {
  readonly #options: RecollectionOptions;
  readonly #startMs: number;
  readonly #readMs = new Map<number, number>();
  #isFailing = false;

  constructor(options: RecollectionOptions) {
    this.#options = options;
    this.#startMs = options.clock.nowMs();
  }

  /** Does not reject: what cannot be read now is read later. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const startMs = clock.monotonicMs();
      const hasRead = await this.round();
      const restMs = Math.max(LEAST_REST_MS, (clock.monotonicMs() - startMs) * REST_FACTOR);
      await clock.sleep(hasRead ? restMs : IDLE_REST_MS, signal);
    }
  }

  /** Reads the next machine; false when none is due. */
  async round(): Promise<boolean> {
    const { recent, reader, clock, log } = this.#options;
    const history = this.#nextDue();
    if (reader === undefined || history === undefined) return false;
    const toMs = Math.floor(clock.nowMs() / RECENT_STEP_MS) * RECENT_STEP_MS;
    this.#readMs.set(history.id, clock.nowMs());
    try {
      const range = { fromMs: toMs - HOUR_MS, toMs, stepMs: RECENT_STEP_MS };
      recent.recall(history.ip, await reader.windows(history, EVERYTHING, range));
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) log.warn({ problem: errorLine(error) }, "the last hour cannot be read");
      this.#isFailing = true;
    }
    return !this.#isFailing;
  }

  /** Of whom nothing has been read yet, or not for long and nothing is heard here. Who is new is all in what is heard. */
  #nextDue(): History | undefined {
    const { recent, inventory, clock } = this.#options;
    const nowMs = clock.nowMs();
    for (const history of inventory.machines()) {
      if (history.ended !== undefined || nowMs - history.lastSeenMs > HOUR_MS) continue;
      const readMs = this.#readMs.get(history.id);
      if (readMs !== undefined && nowMs - readMs < AGAIN_MS) continue;
      if (nowMs - recent.newestMs(history.ip) > OLD_MS) return history;
      if (readMs === undefined && history.firstSeenMs < this.#startMs) return history;
    }
    return undefined;
  }
}
