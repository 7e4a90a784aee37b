import { expect, test } from "vitest";
import { Problems } from "../../../agent/problems.ts";

test("a change is told once", () => {
  const problems = new Problems();
  const told = ([undefined, "x", "x", "y", undefined, undefined] as const).map((problem) =>
    problems.hasChanged("a", problem),
  );

  expect(told).toEqual([false, true, false, true, true, false]);
  expect(problems.hasChanged("b", "x")).toBe(true);
});
