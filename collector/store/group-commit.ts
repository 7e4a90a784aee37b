import type { Database } from "./database.ts";

interface Waiting {
  write(): void;
  undo(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/** A sync takes some milliseconds: everybody who comes within this time shares one. */
const GATHER_MS = 25;

/**
 * One transaction for everything that is to be written at about the same time. Each `write` runs
 * inside it; all of them are durable, or none is.
 */
export class GroupCommit {
  /** Transactions that did not succeed. */
  failures = 0;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #database: Database;
  readonly #gatherMs: number;

  constructor(database: Database, gatherMs: number = GATHER_MS) {
    this.#database = database;
    this.#gatherMs = gatherMs;
  }

  /**
   * Resolves when what `write` wrote is durable, rejects when it is not there. `undo` is called before
   * anybody else can see that it is not: for what memory already says of it.
   */
  add(write: () => void, undo: () => void = () => {}): Promise<void> {
    this.#timer ??= setTimeout(() => this.flush(), this.#gatherMs);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, undo, resolve, reject });
    });
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#waiting;
    this.#waiting = [];
    if (group.length === 0) return;
    try {
      this.#database.transaction(() => {
        for (const { write } of group) write();
      });
    } catch (error) {
      this.failures++;
      for (const { undo } of group) undo();
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { resolve } of group) resolve();
  }
}
