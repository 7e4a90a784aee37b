import { expect, test } from "vitest";
import { exitCodeOf, type Finding, renderFindings } from "../../../../core/runtime/finding.ts";

const WELL: Finding = { state: "ok", what: "well" };
const SLOW: Finding = { state: "note", what: "slow" };
const ILL: Finding = { state: "wrong", what: "ill", hint: "rest" };

test("a line each that says what to do, or JSON", () => {
  expect(renderFindings([WELL, ILL], false)).toBe("ok     well\nwrong  ill (hint: rest)\n");
  expect(JSON.parse(renderFindings([WELL, ILL], true))).toEqual([WELL, ILL]);
});

test("only what is wrong makes a difference to a script", () => {
  expect(exitCodeOf([WELL, SLOW])).toBe(0);
  expect(exitCodeOf([WELL, ILL])).toBe(1);
});
