import { fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { type Books, type Notebook, openNotebook } from "../../../../lxcfs-shim/succession/notebook.ts";
import { Cleanup } from "../../../support/cleanup.ts";

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

test("without files it is a map", () => {
  const notebook = openNotebook();
  notebook.put("a", Buffer.from("1"));
  notebook.put("b", Buffer.from("2"));
  notebook.delete("a");

  expect(contents(notebook)).toEqual({ b: "2" });
});
