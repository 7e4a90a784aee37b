import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { exec } from "../../../../core/runtime/exec.ts";
import { openInFlight } from "../../../../lxcfs-shim/succession/in-flight.ts";
import { type Books, type Notebook, openNotebook } from "../../../../lxcfs-shim/succession/notebook.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { isRoot, testIf } from "../../../support/host.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function newBooks(): Books {
  const folder = cleanup.temporaryFolder();
  return [openSync(join(folder, "a"), "w+"), openSync(join(folder, "b"), "w+")];
}

function contents(notebook: Notebook): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...notebook.keys()].map((key) => [key, Buffer.from(notebook.get(key) ?? "").toString("latin1")]),
  );
}

const step = fc.record({
  key: fc.constantFrom("a", "b", "open 1 2", "pid:[4026531836]"),
  value: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
});

function write(notebook: Notebook, { key, value }: { key: string; value: Uint8Array | undefined }): void {
  if (value === undefined) notebook.delete(key);
  else notebook.put(key, value);
}

test("the next one finds what the last one had", () => {
  fc.assert(
    fc.property(fc.array(fc.array(step)), (generations) => {
      const books = newBooks();
      const model = openNotebook();
      for (const steps of generations) {
        const notebook = openNotebook(books);
        expect(contents(notebook)).toEqual(contents(model));
        for (const each of steps) {
          write(notebook, each);
          write(model, each);
        }
        for (const each of [notebook, model]) each.put("last", Buffer.from("flushes what was deleted"));
      }

      expect(contents(openNotebook(books))).toEqual(contents(model));
    }),
    { numRuns: 30 },
  );
});

test("cut off at any byte of a change, the old value or the new one is there, and the next change holds", () => {
  const books = newBooks();
  const notebook = openNotebook(books);
  notebook.put("kept", Buffer.from("text"));
  notebook.put("changed", Buffer.from("before"));
  const start = fstatSync(books[0]).size;
  notebook.put("changed", Buffer.from("afterwards"));
  const whole = Buffer.alloc(fstatSync(books[0]).size - start);
  readSync(books[0], whole, 0, whole.length, start);

  for (let length = 0; length <= whole.length; length++) {
    ftruncateSync(books[0], start);
    writeSync(books[0], whole, 0, length, start);
    const next = openNotebook(books);
    const changed = length === whole.length ? "afterwards" : "before";
    expect(contents(next)).toEqual({ kept: "text", changed });
    next.put("later", Buffer.from("x"));
    expect(contents(openNotebook(books))).toEqual({ kept: "text", changed, later: "x" });
  }
});

test("who reads before the last server has ended cuts nothing off that it is about to write", () => {
  const books = newBooks();
  const last = openNotebook(books);
  last.put("a", Buffer.from("1"));
  const log = fstatSync(books[0]).size;
  writeSync(books[0], Buffer.from([99]), 0, 1, log); // a write that has just begun

  expect(contents(openNotebook(books))).toEqual({ a: "1" });
  expect(fstatSync(books[0]).size).toBe(log + 1);
  last.put("b", Buffer.from("2"));
  expect(contents(openNotebook(books))).toEqual({ a: "1", b: "2" });
});

test("what no longer holds is left behind when a file has grown", () => {
  const books = newBooks();
  const notebook = openNotebook(books);
  notebook.put("kept", Buffer.from("from the first edition"));
  const large = Buffer.alloc(100_000, "x");
  for (let round = 0; round < 200; round++) notebook.put(`open ${round % 3} 7`, large);

  const sizes = books.map((file) => fstatSync(file).size);
  expect(Math.max(...sizes)).toBeLessThan(6 * 2 ** 20);
  expect(contents(openNotebook(books))).toEqual(contents(notebook));
  expect(contents(notebook).kept).toBe("from the first edition");
});

test("an edition that was not finished does not count", () => {
  const books = newBooks();
  const notebook = openNotebook(books);
  notebook.put("a", Buffer.from("1"));
  const unfinished = Buffer.alloc(8); // edition 0, as while it is being written
  writeSync(books[1], unfinished, 0, 8, 0);
  writeSync(books[1], Buffer.from("garbage"), 0, 7, 32_768);

  expect(contents(openNotebook(books))).toEqual({ a: "1" });
});

/** Books on a file system of their own, and how to fill it and to make room again. */
async function newBooksOnSmallDisk(size: string) {
  const folder = cleanup.temporaryFolder();
  await exec(["mount", "-i", "-t", "tmpfs", "-o", `size=${size}`, "none", folder]);
  cleanup.add("small disk", async () => void (await exec(["umount", "-i", folder])));
  const books: Books = [openSync(join(folder, "a"), "w+"), openSync(join(folder, "b"), "w+")];
  for (const book of books) cleanup.add("book", () => closeSync(book));
  const filler = join(folder, "filler");
  const fill = (): void =>
    expect(() => writeFileSync(filler, Buffer.alloc(2 ** 24))).toThrow(/no space left/);
  return { books, fill, makeRoom: () => rmSync(filler) };
}

testIf(isRoot)("what finds no room is written when there is some again", async () => {
  const { books, fill, makeRoom } = await newBooksOnSmallDisk("1m");
  const notebook = openNotebook(books);
  for (const key of ["kept", "changed", "deleted"]) notebook.put(key, Buffer.from("before"));
  fill();
  for (let round = 0; round < 9; round++) notebook.put("changed", Buffer.alloc(10_000, `${round}`));
  notebook.put("new", Buffer.alloc(5000, "n"));
  notebook.delete("deleted");
  const wanted = contents(notebook);
  expect(wanted.changed).toBe("8".repeat(10_000));
  expect(contents(openNotebook(books)).kept).toBe("before");

  makeRoom();
  notebook.put("later", Buffer.from("x"));
  expect(contents(openNotebook(books))).toEqual({ ...wanted, later: "x" });
});

testIf(isRoot)("what came and went while there was no room is not owed", async () => {
  const { books, fill, makeRoom } = await newBooksOnSmallDisk("1m");
  const notebook = openNotebook(books);
  for (const key of ["kept", "changed"]) notebook.put(key, Buffer.from("before"));
  fill();
  notebook.put("changed", Buffer.alloc(5000, "c"));
  for (let round = 0; round < 3000; round++) {
    notebook.put(`open ${round} 7`, Buffer.alloc(5000));
    notebook.delete(`open ${round} 7`);
  }
  notebook.delete("changed");
  makeRoom();
  notebook.put("later", Buffer.from("x"));

  expect(contents(openNotebook(books))).toEqual({ kept: "before", later: "x" });
  expect(fstatSync(books[0]).size).toBeLessThan(34_000);
});

testIf(isRoot)("who ends while there is no room leaves word that what there is may be old", async () => {
  const { books, fill, makeRoom } = await newBooksOnSmallDisk("1m");
  const notebook = openNotebook(books);
  notebook.put("changed", Buffer.from("before"));
  expect(openNotebook(books).isOutdated).toBe(false);
  fill();
  notebook.put("changed", Buffer.alloc(5000, "c"));
  const next = openNotebook(books);
  expect([next.isOutdated, contents(next)]).toEqual([true, { changed: "before" }]);

  makeRoom();
  next.put("later", Buffer.from("x"));
  expect(openNotebook(books).isOutdated).toBe(false);
  expect(notebook.isOutdated).toBe(false);
});

testIf(isRoot)("what no server can do without has its place from the first on", async () => {
  const { books, fill } = await newBooksOnSmallDisk("1m");
  const notebook = openNotebook(books);
  const inFlight = openInFlight(books);
  fill();
  inFlight.record(Buffer.alloc(8192, "r"));
  notebook.put("connection", Buffer.from("{}"));

  expect(contents(openNotebook(books))).toEqual({ connection: "{}" });
  expect(openInFlight(books).read()).toEqual(Buffer.alloc(8192, "r"));
});

testIf(isRoot)("a file that has grown stays where there is no room for a copy", async () => {
  const { books, fill, makeRoom } = await newBooksOnSmallDisk("16m");
  const notebook = openNotebook(books);
  const grow = (): void => {
    for (let round = 0; round < 45; round++) notebook.put("large", Buffer.alloc(100_000, `${round % 10}`));
  };
  for (let round = 0; round < 35; round++) notebook.put(`${round}`, Buffer.alloc(100_000, "k"));
  grow();
  fill();
  grow();
  expect(contents(notebook).large).toBe("4".repeat(100_000));
  makeRoom();
  grow();

  expect(contents(openNotebook(books))).toEqual(contents(notebook));
});

testIf(isRoot)("begun where there is no room, it says so", async () => {
  const { books, fill } = await newBooksOnSmallDisk("1m");
  fill();
  expect(() => openNotebook(books)).toThrow("no room in memory for what a server leaves to the next");
});

test("without files it is a map", () => {
  const notebook = openNotebook();
  notebook.put("a", Buffer.from("1"));
  notebook.put("b", Buffer.from("2"));
  notebook.delete("a");

  expect(contents(notebook)).toEqual({ b: "2" });
});
