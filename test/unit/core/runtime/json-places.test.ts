import fc from "fast-check";
import { expect, test } from "vitest";
import { findInJson, findJsonMistake } from "../../../../core/runtime/json-places.ts";

const TEXT = '{"push": ["a", {"url": 7}],\n "a\\"b": {}}';

test.for<[readonly (string | number)[], string]>([
  [["push"], '"push": ['],
  [["push", 0], '"a"'],
  [["push", 1], '{"url"'],
  [["push", 1, "url"], '"url": 7'],
  [['a"b'], '"a\\"b"'],
  [["push", 7, "url"], '"push"'],
  [["nothing"], "{"],
  [[], "{"],
])("%j leads to %s", ([keys, begins]) => {
  expect(TEXT.slice(findInJson(TEXT, keys)).startsWith(begins)).toBe(true);
});

test.for<[string, number]>([
  ['{"a": 1,}', 8],
  ['{"a" 1}', 5],
  ['{"a": 1 "b": 2}', 8],
  ["[1, x]", 4],
  ['{"a": ', 6],
  ['["\\x"]', 1],
  ["[01]", 2],
  ["{} {}", 3],
  ["", 0],
])("%j goes wrong at %i", ([text, at]) => {
  expect(findJsonMistake(text)).toBe(at);
});

test("it takes what JSON.parse takes, to the end, and nothing else", () => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"\\n"',
    '"\n"',
    "1",
    "-0.5e3",
    "01",
    "true",
    " ",
    "nul",
  );
  const texts = fc.oneof(
    fc.json(),
    fc.array(pieces, { maxLength: 9 }).map((some) => some.join("")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const at = findJsonMistake(text);
      expect(at <= text.length).toBe(true);
      if (isJson(text)) expect(at).toBe(text.length);
    }),
  );
});
