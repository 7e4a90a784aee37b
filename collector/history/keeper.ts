import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Archive } from "./archive.ts";

/** Of one round: what has to be done for many machines at the same hour is spread. */
const COMPACTED = 10;
const COARSENED = 20;

/** Keeps an archive small, a little in each round. */
export class Keeper {
  readonly #archive: Archive;
  readonly #histories: () => Iterable<number>;
  readonly #log: Logger;
  #queue: number[] = [];
  #isFailing = false;

  constructor(archive: Archive, histories: () => Iterable<number>, log: Logger) {
    this.#archive = archive;
    this.#histories = histories;
    this.#log = log;
  }

  /** Does not reject: what fails is tried again in a later round, and logged once. */
  async round(): Promise<void> {
    try {
      await this.#archive.expire();
      for (const history of this.#archive.due().slice(0, COMPACTED)) {
        await this.#archive.compact(history);
        await breathe();
      }
      await this.#coarsen();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#log.warn({ problem: errorLine(error) }, "history cannot be kept in order");
      this.#isFailing = true;
    }
  }

  /** Every history in turn; one that has been away for long has several days to catch up with. */
  async #coarsen(): Promise<void> {
    if (this.#queue.length === 0) this.#queue = [...this.#histories()];
    for (const history of this.#queue.splice(0, COARSENED)) {
      while (await this.#archive.coarsen(history)) await breathe();
    }
  }
}

/** Whoever waits to be served goes first. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
