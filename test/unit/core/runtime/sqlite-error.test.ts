import { expect, test } from "vitest";
import { errorLine, UsageError } from "../../../../core/runtime/errors.ts";
import { sqliteError, underName } from "../../../../core/runtime/sqlite-error.ts";

const told = (code: string, message: string): Error => Object.assign(new Error(message), { code });

test("what SQLite says goes under the database's name", () => {
  const full = told("SQLITE_FULL", "database or disk is full");

  expect(underName("store /s.db", () => 7)).toBe(7);
  expect(() =>
    underName("store /s.db", () => {
      throw full;
    }),
  ).toThrow(expect.objectContaining({ code: "STORE", message: "store /s.db: database or disk is full" }));
});

test("who waited in vain is told for how long", () => {
  const busy = sqliteError("store /s.db", told("SQLITE_BUSY", "database is locked"));

  expect(errorLine(busy)).toBe(
    "store /s.db: database is locked (hint: another process has kept it for 10 s)",
  );
});

test("a bug stays one, and what has a name keeps it", () => {
  const bug = new TypeError("x is not a function");
  const ours = new UsageError("--disk: no");

  expect(sqliteError("store /s.db", bug)).toBe(bug);
  expect(sqliteError("store /s.db", ours)).toBe(ours);
});
