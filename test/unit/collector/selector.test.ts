import { expect, test } from "vitest";
import { parseSelector } from "../../../collector/selector.ts";

const LABELS = { instance: "10.0.0.7", job: 'a"b' };

test.for([
  ["up", true],
  ["down", false],
  [' up { instance = "10.0.0.7" , } ', true],
  ['{__name__=~"u.",instance!="x"}', true],
  ['{__name__=~"u"}', false],
  ['up{instance!~"10\\\\..*"}', false],
  ['up{none=""}', true],
  ['up{none!=""}', false],
  ["up{job='a\"b'}", true],
  ['up{job="a\\"b"}', true],
] as const)("%s: %s", ([text, isSelected]) => {
  expect(parseSelector(text)("up", LABELS)).toBe(isSelected);
});

test.for([
  "",
  "{}",
  '{a=""}',
  '{a=~".*"}',
  "up{",
  "up{a}",
  'up{a="1" b="2"}',
  '{a=~"("}',
  "1up",
  "up offset 5m",
])("%j is none", (text) => {
  expect(() => parseSelector(text)).toThrow(`${JSON.stringify(text)} is not a selector`);
});
