import type { Logger } from "../../core/runtime/log.ts";
import type { Database, Row } from "../store/database.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import { Block, BlockError } from "./block.ts";

/** What a block holds: one push · about an hour of pushes · a day in windows of five minutes. */
export const LEVEL = { push: 0, raw: 1, coarse: 2 } as const;
export type Level = (typeof LEVEL)[keyof typeof LEVEL];

export interface StoredBlock {
  readonly id: number;
  readonly block: Block;
}

export interface BlockKey {
  readonly history: number;
  readonly level: Level;
  readonly startMs: number;
  readonly endMs: number;
}

/** Pushes of one history that wait to become one block. */
export interface Pending {
  readonly history: number;
  readonly count: number;
  readonly sinceMs: number;
}

/** Of one deletion: a transaction that lasts holds up everybody who waits for his own. */
const DELETED_AT_ONCE = 500;

/** The table of blocks. One that is damaged is set aside when it is met, and costs itself only. */
export class Blocks {
  /** Set aside since the start. */
  quarantined = 0;
  readonly #database: Database;
  readonly #commits: GroupCommit;
  readonly #log: Logger;
  readonly #insert: (key: BlockKey, data: Uint8Array) => void;
  readonly #statements;

  constructor(database: Database, commits: GroupCommit, log: Logger) {
    this.#database = database;
    this.#commits = commits;
    this.#log = log;
    const insert = database.prepare(
      "INSERT INTO block (history, level, start_ms, end_ms, data) VALUES (?, ?, ?, ?, ?)",
    );
    this.#insert = ({ history, level, startMs, endMs }, data) =>
      insert.run(history, level, startMs, endMs, data);
    this.#statements = {
      range: database.prepare(
        "SELECT id, data FROM block WHERE history = ? AND level = ? AND start_ms <= ? AND end_ms >= ? ORDER BY id",
      ),
      removePushes: database.prepare("DELETE FROM block WHERE history = ? AND level = 0 AND id <= ?"),
      setAside: database.prepare(
        "INSERT INTO quarantine SELECT id, history, level, start_ms, end_ms, data, ? FROM block WHERE id = ?",
      ),
      remove: database.prepare("DELETE FROM block WHERE id = ?"),
      removeOld: database.prepare(
        "DELETE FROM block WHERE id IN (SELECT id FROM block WHERE level = ? AND end_ms < ? LIMIT ?)",
      ),
      next: database.prepare(
        "SELECT min(start_ms) AS at FROM block WHERE history = ? AND level < 2 AND end_ms > ?",
      ),
    };
  }

  /** To be called inside a commit. */
  insert(key: BlockKey, data: Uint8Array): void {
    this.#insert(key, data);
  }

  /** To be called inside a commit: the pushes that `key`'s block was made of give way to it. */
  replacePushes(key: BlockKey, lastId: number, data: Uint8Array): void {
    this.#statements.removePushes.run(key.history, lastId);
    this.#insert(key, data);
  }

  /** The blocks that may hold samples of the range, in the order they were written. */
  read({ history, level, startMs, endMs }: BlockKey): readonly StoredBlock[] {
    const rows = this.#statements.range.all(history, level, endMs, startMs);
    return rows.flatMap((row) => this.#open(row));
  }

  /** The data of a block whose columns cannot be decoded are set aside too. */
  column(stored: StoredBlock, id: number): ReturnType<Block["column"]> {
    try {
      return stored.block.column(id);
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      this.#quarantine(stored.id, error.message);
      return undefined;
    }
  }

  pending(): readonly Pending[] {
    const rows = this.#database
      .prepare(
        "SELECT history, count(*) AS n, min(end_ms) AS since FROM block WHERE level = 0 GROUP BY history",
      )
      .all();
    return rows.map(({ history, n, since }) => ({
      history: Number(history),
      count: Number(n),
      sinceMs: Number(since),
    }));
  }

  /** Until when each history has been made coarse. */
  coarseUntil(): ReadonlyMap<number, number> {
    const rows = this.#database
      .prepare("SELECT history, max(end_ms) AS until FROM block WHERE level = 2 GROUP BY history")
      .all();
    return new Map(rows.map(({ history, until }) => [Number(history), Number(until)]));
  }

  /** When the first sample after `afterMs` may be; undefined where there is none. */
  nextSample(history: number, afterMs: number): number | undefined {
    const [row] = this.#statements.next.all(history, afterMs);
    return typeof row?.at === "number" ? row.at : undefined;
  }

  /** Some of those that end before `beforeMs`. */
  removeOld(level: Level, beforeMs: number): Promise<void> {
    return this.#commits.add(() => this.#statements.removeOld.run(level, beforeMs, DELETED_AT_ONCE));
  }

  #open({ id, data }: Row): readonly StoredBlock[] {
    try {
      return [{ id: Number(id), block: new Block(new Uint8Array(data as ArrayBuffer)) }];
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      this.#quarantine(Number(id), error.message);
      return [];
    }
  }

  #quarantine(id: number, reason: string): void {
    this.quarantined++;
    this.#log.error({ block: id, reason }, "block of history damaged: set aside");
    const move = (): void => {
      this.#statements.setAside.run(reason, id);
      this.#statements.remove.run(id);
    };
    // It is met again when this fails.
    this.#commits.add(move).catch(() => {});
  }
}
