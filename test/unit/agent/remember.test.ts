import { expect, test } from "vitest";
import { rememberEach, rememberLast } from "../../../agent/remember.ts";

test("each name is made once, the last text until another comes", () => {
  const made: string[] = [];
  const make = (name: string): string => {
    made.push(name);
    return `made of ${name}`;
  };
  const each = rememberEach(make);
  expect(["a", "a", "b", "a"].map(each)).toEqual(["a", "a", "b", "a"].map((name) => `made of ${name}`));
  const last = rememberLast(make);
  expect(["x", "x", "y", "x"].map(last)).toEqual(["x", "x", "y", "x"].map((name) => `made of ${name}`));

  expect(made).toEqual(["a", "b", "x", "y", "x"]);
});
