import { expect, test } from "vitest";
import { inTransaction, type SqliteConnection } from "../../../../core/runtime/sqlite-transaction.ts";

/** A connection that remembers what it is told; SQLite's own is behind the tests of both stores. */
function connection(
  rollsBackBy = "",
): SqliteConnection & { readonly told: string[]; inTransaction: boolean } {
  const told: string[] = [];
  const one = {
    told,
    inTransaction: false,
    exec: (sql: string) => {
      told.push(sql);
      one.inTransaction = sql.startsWith("BEGIN");
      if (sql === rollsBackBy) throw new Error("disk full");
    },
  };
  return one;
}

test("begins, commits, and returns what the body returns", () => {
  const database = connection();
  expect(inTransaction(database, "IMMEDIATE", () => 7)).toBe(7);
  expect(database.told).toEqual(["BEGIN IMMEDIATE", "COMMIT"]);
});

test("rolls back what threw, unless SQLite has done so itself", () => {
  const database = connection();
  const fail = (): never => {
    throw new Error("no");
  };
  expect(() => inTransaction(database, "DEFERRED", fail)).toThrow("no");
  expect(database.told).toEqual(["BEGIN DEFERRED", "ROLLBACK"]);

  const full = connection("COMMIT");
  expect(() => inTransaction(full, "DEFERRED", () => 1)).toThrow("disk full");
  expect(full.told).toEqual(["BEGIN DEFERRED", "COMMIT"]);
});
