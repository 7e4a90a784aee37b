import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, describe, expect, test } from "vitest";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { testStore } from "../../../support/store-conformance.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function newPath(): string {
  return join(cleanup.temporaryFolder(), "deep/state.db");
}

describe("as every store", () => {
  testStore(async () => {
    const path = newPath();
    return async () => openEmbeddedStore(path);
  });
});

test("outlives its process, in a folder that is root's alone", async () => {
  const path = newPath();
  const first = openEmbeddedStore(path);
  const revision = await first.transact({ expect: [], put: [{ key: "a", value: 1 }] });
  await first.close();

  const second = openEmbeddedStore(path);
  expect(await second.get("a")).toEqual({ key: "a", value: 1, revision });
  await second.close();
  expect(statSync(join(path, "..")).mode & 0o077).toBe(0);
});

test("a damaged document is named", async () => {
  const path = newPath();
  const store = openEmbeddedStore(path);
  const other = new Database(path);
  other.exec("INSERT INTO entry VALUES ('a/1', '{\"state\":', 1)");
  other.close();

  await expect(store.get("a/1")).rejects.toThrow(`store ${path}: a/1: not valid JSON`);
  await expect(store.list("a/")).rejects.toThrow(`store ${path}: a/1: not valid JSON`);
  await store.close();
});

test("what is not a store is refused and left alone", () => {
  const folder = cleanup.temporaryFolder();
  const text = join(folder, "notes.txt");
  writeFileSync(text, "not a database, ".repeat(100));
  expect(() => openEmbeddedStore(text)).toThrow(`store ${text}: file is not a database`);

  const foreign = join(folder, "foreign.db");
  const database = new Database(foreign);
  database.exec("CREATE TABLE t (x)");
  expect(() => openEmbeddedStore(foreign)).toThrow(`store ${foreign}: a database of another program`);
  expect(database.pragma("journal_mode")).toEqual([{ journal_mode: "delete" }]);
  database.close();

  mkdirSync(join(folder, "directory"));
  expect(() => openEmbeddedStore(join(folder, "directory"))).toThrow("cannot be opened");
});

test("a store of a newer version is refused", async () => {
  const path = newPath();
  await openEmbeddedStore(path).close();
  const other = new Database(path);
  other.exec("PRAGMA user_version = 2");
  other.close();

  expect(() => openEmbeddedStore(path)).toThrow("version 2, this program knows 1");
});

test("a path through a file is one clear error", () => {
  const file = join(cleanup.temporaryFolder(), "file");
  writeFileSync(file, "");
  chmodSync(file, 0o600);

  expect(() => openEmbeddedStore(join(file, "state.db"))).toThrow(
    `store ${join(file, "state.db")}: cannot be opened`,
  );
});
