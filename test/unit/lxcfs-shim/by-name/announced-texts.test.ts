import { expect, test } from "vitest";
import { AnnouncedTexts } from "../../../../lxcfs-shim/by-name/announced-texts.ts";
import { openNotebook } from "../../../../lxcfs-shim/succession/notebook.ts";

const NODE = 7;

function open(notebook = openNotebook()) {
  const now = { ms: 1000 };
  const clock = { monotonicMs: () => now.ms, nowMs: () => 1_700_000_000_000 + now.ms };
  const texts = new AnnouncedTexts({ freshnessMs: 100, ...clock, notebook });
  let renderings = 0;
  const announce = (text: string, isPassing = false) =>
    texts.announce(NODE, () => {
      renderings += 1;
      return { text: Buffer.from(text), isPassing };
    });
  return { now, texts, announce, renderings: () => renderings };
}

const textOf = ({ text }: { readonly text: Uint8Array }): string => Buffer.from(text).toString();

test("who asks within half the bound is told the same, and for how long it still holds", () => {
  const { now, announce, renderings } = open();
  const first = announce("a 1\n");
  now.ms += 49;
  const second = announce("a 2\n");
  now.ms += 1;
  const third = announce("a 3\n");

  expect(first).toMatchObject({ validMs: 100, isKept: false });
  expect(second).toMatchObject({ text: first.text, timeMs: first.timeMs, validMs: 51, isKept: true });
  expect(textOf(third).trim()).toBe("a 3");
  expect(third.timeMs).toBeGreaterThan(first.timeMs);
  expect(renderings()).toBe(2);
});

test("the same text keeps its time, and so its page; another never has the time of the one before", () => {
  const { now, announce } = open();
  const first = announce("a 1\n");
  now.ms += 100;
  expect(announce("a 1\n").timeMs).toBe(first.timeMs);
  now.ms += 100;
  const other = announce("a 2\n");
  now.ms -= 200; // the wall clock is set back

  expect(other.timeMs).toBeGreaterThan(first.timeMs);
});

test("what is passing is told once, and its page is what was announced", () => {
  const { texts, announce, renderings } = open();
  const first = announce("a 1\n", true);
  expect(texts.read(NODE)).toBe(first.text);

  expect(first.validMs).toBe(0);
  expect(announce("a 2\n").timeMs).toBeGreaterThan(first.timeMs);
  expect(renderings()).toBe(2);
});

test("a size holds whatever the text's length; what lacks is blank, before the last newline", () => {
  const { now, announce } = open();
  const texts = ["some 1\nfull 1\n", "some 1000\nfull 1000\n", "", "without end"].map((text) => {
    now.ms += 100;
    return textOf(announce(text));
  });

  expect(new Set(texts.map(({ length }) => length))).toEqual(new Set([128]));
  expect(texts[0]).toMatch(/^some 1\nfull 1 +\n$/);
  expect(texts[1]).toMatch(/^some 1000\nfull 1000 +\n$/);
  expect(texts[2]).toMatch(/^ +$/);
  expect(texts[3]).toMatch(/^without end +$/);
});

test("a text that outgrows its size gets a larger one, and keeps that", () => {
  const { now, announce } = open();
  announce("1\n");
  now.ms += 100;
  expect(announce(`${"x".repeat(200)}\n`).text).toHaveLength(256);
  now.ms += 100;
  expect(announce("1\n").text).toHaveLength(256);
});

test("what was announced is what is read, until it is withdrawn; a successor keeps the size", () => {
  const notebook = openNotebook();
  const before = open(notebook);
  const { text } = before.announce(`${"x".repeat(200)}\n`);
  expect(before.texts.read(NODE)).toBe(text);
  before.texts.withdraw(NODE);
  expect(before.texts.read(NODE)).toBeUndefined();

  const after = open(notebook);
  expect(after.texts.sizeOf(NODE)).toBe(256);
  expect(after.announce("1\n").text).toHaveLength(256);
});
