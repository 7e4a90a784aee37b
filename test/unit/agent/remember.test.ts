import { expect, test } from "vitest";
import { rememberEach, rememberLast } from "../../../agent/remember.ts";

test("each name is made once, the last text until another comes", () => {
  const made: string[] = [];
  const make = (...names: readonly string[]): undefined => {
    made.push(names.join("+"));
  };
  const each = rememberEach((one: string, other: string) => make(one, other));
  each("a", "b");
  each("a", "b");
  each("a", "c");
  const last = rememberLast((text) => make(text));
  for (const text of ["x", "x", "y", "x"]) last(text);

  expect(made).toEqual(["a+b", "a+c", "x", "y", "x"]);
});
