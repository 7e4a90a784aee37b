import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import Database from "libsql";
import { afterAll, expect, test } from "vitest";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { readSqliteTable } from "../../../../provisioner/images/sqlite-table.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function make(pageBytes: number, lengths: readonly number[]): Buffer {
  const file = join(cleanup.temporaryFolder(), "x.sqlite");
  const database = new Database(file);
  database.exec(`PRAGMA page_size = ${pageBytes}; CREATE TABLE other (x); CREATE VIEW v AS SELECT 1`);
  database.exec(
    "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL, n INTEGER, t TEXT)",
  );
  const insert = database.prepare("INSERT INTO Packages (blob, n, t) VALUES (?, ?, ?)");
  database.exec("BEGIN");
  for (const length of lengths) insert.run(Buffer.alloc(length, length % 251), length, "text");
  database.exec("COMMIT");
  database.close();
  return readFileSync(file);
}
const lengthsOf = (bytes: Buffer): readonly (number | undefined)[] =>
  [...readSqliteTable("it", bytes, "Packages")].map(([, blob]) =>
    Buffer.isBuffer(blob) ? blob.length : undefined,
  );

test.each([512, 4096, 65_536])("what SQLite has written, in pages of %d bytes", (pageBytes) => {
  const lengths = Array.from({ length: 700 }, (_, at) => (at % 50 === 0 ? at * 150 : at));
  const bytes = make(pageBytes, lengths);
  expect(lengthsOf(bytes)).toEqual(lengths);
  for (const [, blob, n, text] of readSqliteTable("it", bytes, "Packages")) {
    const length = Buffer.isBuffer(blob) ? blob.length : 0;
    expect([Buffer.isBuffer(blob) && blob.every((byte) => byte === length % 251), n, String(text)]).toEqual([
      true,
      length,
      "text",
    ]);
  }
});

test("no such table, and no such file", () => {
  expect(() => [...readSqliteTable("it", make(4096, []), "packages")]).toThrow(
    "it: not an SQLite file: no table packages",
  );
  expect(() => [...readSqliteTable("it", Buffer.from("x"), "Packages")]).toThrow("no beginning");
});

test("whatever is changed or cut off, it comes to an end, and says so or reads on", () => {
  const whole = make(512, [10, 2000, 30]);
  const read = (bytes: Buffer): void => {
    try {
      lengthsOf(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(PlimsollError);
    }
  };
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), fc.nat(whole.length), (changes, length) => {
      const bytes = Buffer.from(whole.subarray(0, whole.length - (length % 3 === 0 ? length : 0)));
      for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
      read(bytes);
    }),
    { numRuns: 500 },
  );
});
