import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Database, openDatabase, openMemoryDatabase } from "../../../../collector/store/database.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function put(database: Database, ...events: string[]): void {
  const statement = database.prepare("INSERT INTO event (ip, at_ms, document) VALUES (?, ?, ?)");
  database.transaction(() => {
    for (const event of events) statement.run("10.0.0.7", 1_700_000_000_000, event);
  });
}

const events = (database: Database) =>
  database
    .prepare("SELECT * FROM event")
    .all()
    .map(({ document, at_ms }) => [document, at_ms]);

test("what is committed is there when it is opened again", () => {
  const path = join(cleanup.temporaryFolder(), "new", "history.db");
  const log = recordLog();
  const first = openDatabase(path, log);
  put(first, "a", "b");
  first.close();
  const second = openDatabase(path, log);
  expect(events(second)).toEqual([
    ["a", 1_700_000_000_000],
    ["b", 1_700_000_000_000],
  ]);
  second.shrink(10);
  second.close();
  expect(log.lines).toEqual([]);
});

test("a transaction that fails leaves nothing", () => {
  const database = openMemoryDatabase();
  expect(() =>
    database.transaction(() => {
      put(database, "a");
    }),
  ).toThrow("cannot start a transaction");
  expect(() =>
    database.transaction(() => {
      database.prepare("INSERT INTO history VALUES (1, 'x')").run();
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(database.prepare("SELECT * FROM history").all()).toEqual([]);
  expect(() => database.prepare("SELECT 1 FROM absent")).toThrow();
  database.close();
});

test("bytes come back as they were", () => {
  const database = openMemoryDatabase();
  const data = Uint8Array.from({ length: 256 }, (_, i) => i);
  database.prepare("INSERT INTO block VALUES (1, 2, 0, 3, 4, ?)").run(data);
  const [row] = database.prepare("SELECT data FROM block").all();
  expect(new Uint8Array(row?.data as ArrayBuffer)).toEqual(data);
  database.close();
});

test.for([
  ["not a database at all", () => Buffer.alloc(8192, "x")],
  ["a page overwritten", (bytes: Buffer) => bytes.fill(0xa5, 4096, 12_288)],
  ["cut off", (bytes: Buffer) => bytes.subarray(0, 6000)],
] as const)("%s: set aside, and a new one begun", ([, damage]) => {
  const path = join(cleanup.temporaryFolder(), "history.db");
  const first = openDatabase(path, recordLog());
  put(first, ...Array.from({ length: 2000 }, (_, i) => `event ${i}`));
  first.close();
  writeFileSync(path, damage(readFileSync(path)));
  const log = recordLog();
  const second = openDatabase(path, log);
  expect(events(second)).toEqual([]);
  second.close();
  expect(log.lines.map(({ message }) => message)).toEqual(["history damaged: set aside, a new one begun"]);
  expect(existsSync(`${path}.damaged`)).toBe(true);
});

test("another program's database is left alone", () => {
  const path = join(cleanup.temporaryFolder(), "history.db");
  const database = openDatabase(path, recordLog());
  database.prepare("PRAGMA application_id = 7").all();
  database.close();
  expect(() => openDatabase(path, recordLog())).toThrow("a database of another program");
});

test("a folder that cannot be made is said", () => {
  const file = join(cleanup.temporaryFolder(), "file");
  writeFileSync(file, "");
  expect(() => openDatabase(join(file, "history.db"), recordLog())).toThrow("its folder cannot be made");
});
