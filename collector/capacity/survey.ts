import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { HistoryReader } from "../history/reader.ts";
import type { History } from "../inventory/history-record.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { type MachineUsage, readUsage } from "./usage.ts";

export interface SurveyOptions {
  /** Undefined where no history is kept: then nothing is known. */
  readonly reader: HistoryReader | undefined;
  readonly inventory: Pick<Inventory, "machines">;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Surveyed {
  readonly usage: MachineUsage;
  readonly readMs: number;
}

/** What is known for a week does not change in an hour; what is new does in a tenth of the time that it is known for. */
const [LEAST_FRESH_MS, MOST_FRESH_MS, FRESH_PART] = [10_000, 3_600_000, 0.1];
/** Whoever pushes goes first: reading takes at most a fifth of the time. */
const REST_FACTOR = 4;
const [LEAST_REST_MS, IDLE_REST_MS] = [5, 5_000];

/** Reads the week of one machine after the other, for ever, and keeps what it was. */
export class Survey {
  readonly #options: SurveyOptions;
  readonly #usages = new Map<number, Surveyed>();
  #isFailing = false;

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  /** The machines that are there now, with their week once it has been read. */
  *machines(): Generator<{ readonly history: History; readonly usage: MachineUsage | undefined }> {
    for (const history of this.#present()) yield { history, usage: this.#usages.get(history.id)?.usage };
  }

  /** Does not reject: what cannot be read now is read later. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const startMs = clock.monotonicMs();
      const hasRead = await this.round();
      const restMs = Math.max(LEAST_REST_MS, (clock.monotonicMs() - startMs) * REST_FACTOR);
      await clock.sleep(hasRead ? restMs : IDLE_REST_MS, signal).catch(() => {});
    }
  }

  /** Reads the machine that has waited longest; false when none is due. */
  async round(): Promise<boolean> {
    const { reader, clock, log } = this.#options;
    const history = this.#mostDue();
    if (reader === undefined || history === undefined) return false;
    try {
      const usage = await readUsage(reader, history, clock.nowMs());
      this.#usages.set(history.id, { usage, readMs: clock.nowMs() });
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (!this.#isFailing) log.warn({ problem: errorLine(error) }, "capacity cannot be read");
      this.#isFailing = true;
      return false;
    }
  }

  #mostDue(): History | undefined {
    let [found, earliestMs]: [History | undefined, number] = [undefined, this.#options.clock.nowMs()];
    const present = new Set<number>();
    for (const history of this.#present()) {
      present.add(history.id);
      const dueMs = dueOf(history, this.#usages.get(history.id));
      if (dueMs < earliestMs || (found === undefined && dueMs === earliestMs))
        [found, earliestMs] = [history, dueMs];
    }
    for (const id of this.#usages.keys()) if (!present.has(id)) this.#usages.delete(id);
    return found;
  }

  *#present(): Generator<History> {
    for (const history of this.#options.inventory.machines()) if (history.ended === undefined) yield history;
  }
}

function dueOf({ firstSeenMs }: History, surveyed: Surveyed | undefined): number {
  if (surveyed === undefined) return Number.NEGATIVE_INFINITY;
  const { usage, readMs } = surveyed;
  const knownMs = Math.max(readMs - firstSeenMs, ...Object.values(usage).map((one) => one.knownMs));
  return readMs + Math.min(Math.max(knownMs * FRESH_PART, LEAST_FRESH_MS), MOST_FRESH_MS);
}
