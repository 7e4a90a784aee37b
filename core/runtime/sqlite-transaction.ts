/** What a transaction needs of a connection to SQLite. */
export interface SqliteConnection {
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
}

/**
 * All of `body` or, when it throws, nothing of it. IMMEDIATE takes the write lock at once: a
 * transaction that read first could not wait for it any more.
 */
export function inTransaction<T>(
  database: SqliteConnection,
  mode: "IMMEDIATE" | "DEFERRED",
  body: () => T,
): T {
  database.exec(`BEGIN ${mode}`);
  try {
    const result = body();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // After some failures (a full disk) SQLite has rolled back by itself.
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
