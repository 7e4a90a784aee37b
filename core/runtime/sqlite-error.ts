import { errnoOf, errorLine, PlimsollError } from "./errors.ts";

/** How long another process's transaction may keep a database from us. Ours last well under a millisecond plus one fsync. */
export const BUSY_MS = 10_000;

/** `body`'s result. What SQLite says goes under the database's name. */
export function underName<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    throw sqliteError(name, cause);
  }
}

/** What SQLite says, under the database's name; a bug of ours stays one. */
export function sqliteError(name: string, cause: unknown): unknown {
  const code = errnoOf(cause);
  if (code === undefined || cause instanceof PlimsollError) return cause;
  const isBusy = code.startsWith("SQLITE_BUSY");
  const hint = isBusy ? { hint: `another process has kept it for ${BUSY_MS / 1000} s` } : {};
  return new PlimsollError("STORE", `${name}: ${errorLine(cause)}`, { cause, ...hint });
}
