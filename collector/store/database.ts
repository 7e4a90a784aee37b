import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "libsql";
import { errnoOf, errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { BUSY_MS, sqliteError, underName } from "../../core/runtime/sqlite-error.ts";
import { inTransaction } from "../../core/runtime/sqlite-transaction.ts";

/** "Plic": what file(1) shows, and how another program's database is told from ours. */
const APPLICATION_ID = 0x506c6963;
const SCHEMA_VERSION = 1;
/** A file up to this size is checked page by page when it is opened: seconds. A larger one is trusted. */
const CHECKED_BYTES = 1024 * 1024 * 1024;
const MEMORY = ":memory:";

/** Data are bytes of block.ts; documents are JSON; times are milliseconds since 1970. */
const SCHEMA = `
  CREATE TABLE history (id INTEGER PRIMARY KEY, document TEXT NOT NULL);
  CREATE TABLE series (id INTEGER PRIMARY KEY, history INTEGER NOT NULL, document TEXT NOT NULL);
  CREATE INDEX series_of ON series (history);
  CREATE TABLE block (id INTEGER PRIMARY KEY, history INTEGER NOT NULL, level INTEGER NOT NULL,
    start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, data BLOB NOT NULL);
  CREATE INDEX block_of ON block (history, level, start_ms, end_ms);
  CREATE INDEX block_by_age ON block (level, end_ms);
  CREATE TABLE quarantine (block INTEGER NOT NULL, history INTEGER NOT NULL, level INTEGER NOT NULL,
    start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, data BLOB NOT NULL, reason TEXT NOT NULL);
  CREATE TABLE event (id INTEGER PRIMARY KEY, ip TEXT NOT NULL, at_ms INTEGER NOT NULL, document TEXT NOT NULL);
  CREATE INDEX event_of ON event (ip, at_ms);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

export type Value = string | number | Uint8Array;
export type Row = Readonly<Record<string, unknown>>;

/** A statement, prepared once. Blobs come back as ArrayBuffer. */
export interface Statement {
  run(...values: readonly Value[]): void;
  all(...values: readonly Value[]): readonly Row[];
}

export interface Database {
  readonly path: string;
  prepare(sql: string): Statement;
  /** All of it or, when `body` throws or the disk is full, nothing of it; durable when it returns. */
  transaction<T>(body: () => T): T;
  /** Gives up to so many pages that deletions have freed back to the file system. */
  shrink(pages: number): void;
  close(): void;
}

/** A database in memory, for a collector that is to leave nothing behind. */
export function openMemoryDatabase(): Database {
  return wrap(MEMORY, prepareDatabase(MEMORY, new Sqlite(MEMORY)));
}

/**
 * The database in `path`, made where there is none. One that is damaged is set aside under another
 * name, and a new one begun: what comes in now must not wait for somebody to repair what came in once.
 */
export function openDatabase(path: string, log: Logger): Database {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new PlimsollError("STORE", `${nameOf(path)}: its folder cannot be made`, { cause });
  }
  try {
    return wrap(path, openChecked(path));
  } catch (cause) {
    if (!isDamage(cause)) throw sqliteError(nameOf(path), cause);
    const aside = setAside(path);
    log.error({ path, aside, problem: errorLine(cause) }, "history damaged: set aside, a new one begun");
    return wrap(path, openChecked(path));
  }
}

function openChecked(path: string): Sqlite.Database {
  const isSmall = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) < CHECKED_BYTES;
  const database = new Sqlite(path, { timeout: BUSY_MS });
  try {
    if (isSmall) checkPages(path, database);
    return prepareDatabase(path, database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function checkPages(path: string, database: Sqlite.Database): void {
  const [row] = database.prepare("PRAGMA quick_check(1)").raw().all() as [string][];
  if (row?.[0] !== "ok") throw new PlimsollError("DAMAGED", `${nameOf(path)}: ${row?.[0]}`);
}

function prepareDatabase(path: string, database: Sqlite.Database): Sqlite.Database {
  const number = (select: string): number => {
    const [row] = database.prepare(`SELECT ${select}`).raw().all() as [number][];
    return row?.[0] ?? 0;
  };
  const isEmpty = number("count(*) FROM sqlite_schema") === 0;
  if (!isEmpty) {
    const application = number("application_id FROM pragma_application_id");
    const version = number("user_version FROM pragma_user_version");
    if (application !== APPLICATION_ID)
      throw new PlimsollError("STORE", `${nameOf(path)}: a database of another program`);
    if (version !== SCHEMA_VERSION)
      throw new PlimsollError("STORE", `${nameOf(path)}: version ${version}, known is ${SCHEMA_VERSION}`);
  }
  // Must stand before the first table; freed pages go back a few at a time, never all at once.
  if (isEmpty) database.exec("PRAGMA auto_vacuum = INCREMENTAL");
  // Written ahead and synced: what has been committed survives a lost machine, not only a killed process.
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  if (isEmpty) database.exec(`BEGIN; ${SCHEMA} COMMIT`);
  return database;
}

function wrap(path: string, database: Sqlite.Database): Database {
  const name = nameOf(path);
  return {
    path,
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        // As one array: a lone blob would be taken for named parameters, and ends the process.
        run: (...values) => underName(name, () => void statement.run(values)),
        all: (...values) => underName(name, () => statement.all(values) as Row[]),
      };
    },
    transaction: (body) => underName(name, () => inTransaction(database, "IMMEDIATE", body)),
    shrink: (pages) => underName(name, () => void database.exec(`PRAGMA incremental_vacuum(${pages})`)),
    close: () => {
      if (!database.open) return;
      try {
        // What a closed database leaves is one file.
        database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
      } catch {
        // Without room for that it leaves two, and the next one to open it reads both.
      }
      database.close();
    },
  };
}

function nameOf(path: string): string {
  return `history ${path}`;
}

function isDamage(error: unknown): boolean {
  const code = errnoOf(error) ?? "";
  return code === "DAMAGED" || code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
}

function setAside(path: string): string {
  let aside = `${path}.damaged`;
  for (let n = 2; existsSync(aside); n++) aside = `${path}.damaged-${n}`;
  renameSync(path, aside);
  for (const suffix of ["-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}
