import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "libsql";
import { type Clock, systemClock } from "../../core/runtime/clock.ts";
import { bug, PlimsollError } from "../../core/runtime/errors.ts";
import { BUSY_MS, underName } from "../../core/runtime/sqlite-error.ts";
import { inTransaction } from "../../core/runtime/sqlite-transaction.ts";
import { parseDocument } from "./documents.ts";
import { prefixEnd } from "./prefix.ts";
import { checkTransaction } from "./transaction.ts";
import type { Entry, Listing, Store, Transaction } from "./types.ts";

/** "Plim": what file(1) shows, and how another program's database is told from ours. */
const APPLICATION_ID = 0x506c696d;
const SCHEMA_VERSION = 1;
/** SQLite tells no other process about a commit. One row is read each time: 10 µs. */
const POLL_MS = 200;

const SCHEMA = `
  CREATE TABLE entry (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE counter (revision INTEGER NOT NULL);
  INSERT INTO counter VALUES (1);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** A store in one SQLite file, for the processes of one host. Commits are written ahead and synced (WAL, FULL). */
export function openEmbeddedStore(path: string, clock: Clock = systemClock): Store {
  const database = openDatabase(path);
  try {
    return underName(nameOf(path), () => embeddedStore(path, database, clock));
  } catch (error) {
    database.close();
    throw error;
  }
}

function openDatabase(path: string): Database.Database {
  try {
    // Desired state may name registries' secrets one day: root's alone.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return new Database(path, { timeout: BUSY_MS });
  } catch (cause) {
    throw new PlimsollError("STORE", `${nameOf(path)}: cannot be opened`, { cause });
  }
}

function embeddedStore(path: string, database: Database.Database, clock: Clock): Store {
  prepareDatabase(path, database);
  const name = nameOf(path);
  const statements = {
    get: database.prepare<[string]>("SELECT key, value, revision FROM entry WHERE key = ?"),
    list: database.prepare<[string, string]>(
      "SELECT key, value, revision FROM entry WHERE key >= ? AND key < ? ORDER BY key",
    ),
    put: database.prepare<[string, string, number]>("INSERT OR REPLACE INTO entry VALUES (?, ?, ?)"),
    remove: database.prepare<[string]>("DELETE FROM entry WHERE key = ?"),
    revision: database.prepare<[]>("SELECT revision FROM counter"),
    count: database.prepare<[number]>("UPDATE counter SET revision = ?"),
  };
  const find = (key: string): Row | undefined => statements.get.get(key) as Row | undefined;
  const revision = (): number => (statements.revision.get() as { revision: number }).revision;
  const entryOf = ({ key, value, revision }: Row): Entry => ({
    key,
    value: parseDocument(path, key, value),
    revision,
  });

  function list(prefix: string): Listing {
    const rows = statements.list.all(prefix, prefixEnd(prefix)) as Row[];
    return { entries: rows.map(entryOf), revision: revision() };
  }

  function transact({ expect, put = [], remove = [] }: Transaction): number | undefined {
    if (expect.some(({ key, revision }) => (find(key)?.revision ?? 0) !== revision)) return undefined;
    const next = revision() + 1;
    for (const { key, value } of put) statements.put.run(key, JSON.stringify(value), next);
    for (const key of remove) statements.remove.run(key);
    statements.count.run(next);
    return next;
  }

  return {
    name: path,
    isShared: false,
    get: async (key) => underName(name, () => mapDefined(find(key), entryOf)),
    list: async (prefix) => underName(name, () => inTransaction(database, "DEFERRED", () => list(prefix))),
    transact: async (transaction) => {
      checkTransaction(transaction);
      if (transaction.put?.some(({ seconds }) => seconds !== undefined))
        bug("a store of one host has no leases");
      return underName(name, () => inTransaction(database, "IMMEDIATE", () => transact(transaction)));
    },
    async *changes(_prefix, since, signal) {
      for (let seen = since; !signal.aborted; await clock.sleep(POLL_MS, signal)) {
        const now = underName(name, revision);
        if (now > seen) yield now;
        seen = now;
      }
    },
    close: async () => void database.close(),
  };
}

interface Row {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** Makes an empty file a store; refuses, untouched, one that is something else. */
function prepareDatabase(path: string, database: Database.Database): void {
  const isEmpty = (): boolean => readNumber(database, "count(*) FROM sqlite_schema") === 0;
  if (!isEmpty()) checkIdentity(path, database);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  inTransaction(database, "IMMEDIATE", () => {
    if (isEmpty()) database.exec(SCHEMA);
  });
}

function checkIdentity(path: string, database: Database.Database): void {
  const application = readNumber(database, "application_id FROM pragma_application_id");
  const version = readNumber(database, "user_version FROM pragma_user_version");
  if (application !== APPLICATION_ID)
    throw new PlimsollError("STORE", `${nameOf(path)}: a database of another program`);
  if (version !== SCHEMA_VERSION)
    throw new PlimsollError(
      "STORE",
      `${nameOf(path)}: version ${version}, this program knows ${SCHEMA_VERSION}`,
    );
}

function readNumber(database: Database.Database, select: string): number {
  const [row] = database.prepare(`SELECT ${select}`).raw().all() as [number][];
  return row?.[0] ?? 0;
}

function nameOf(path: string): string {
  return `store ${path}`;
}

function mapDefined<T, U>(value: T | undefined, map: (value: T) => U): U | undefined {
  return value === undefined ? undefined : map(value);
}
