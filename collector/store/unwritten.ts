import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { GroupCommit } from "./group-commit.ts";

/** Rows that wait for a disk that does not take them; the oldest give way. */
const MAX_UNWRITTEN = 10_000;

/**
 * Rows that must be written sooner or later. What a full disk does not take stays here, and goes with
 * the next row; a row replaces an earlier one of the same key.
 */
export class Unwritten<T> {
  #rows = new Map<string | number, T>();
  readonly #commits: GroupCommit;
  readonly #write: (row: T) => void;
  readonly #log: Logger;
  #isFailing = false;

  constructor(commits: GroupCommit, write: (row: T) => void, log: Logger) {
    this.#commits = commits;
    this.#write = write;
    this.#log = log;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Resolves when it is durable, or when it has to wait: it is logged then, once. */
  async put(key: string | number, row: T): Promise<void> {
    let taken = new Map<string | number, T>();
    try {
      await this.#commits.add(() => {
        taken = this.#rows;
        this.#rows = new Map();
        for (const one of taken.values()) this.#write(one);
        this.#write(row);
      });
      this.#isFailing = false;
    } catch (error) {
      for (const [key, one] of taken) this.#keep(key, one);
      this.#keep(key, row);
      if (!this.#isFailing) this.#log.warn({ problem: errorLine(error) }, "history cannot be written");
      this.#isFailing = true;
    }
  }

  #keep(key: string | number, row: T): void {
    this.#rows.set(key, row);
    const [oldest] = this.#rows.keys();
    if (this.#rows.size > MAX_UNWRITTEN && oldest !== undefined) this.#rows.delete(oldest);
  }
}
