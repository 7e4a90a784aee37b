import { expect, test } from "vitest";
import { alignCourses } from "../../../../collector/page/aligned.ts";

test("both lines over every step of the present; a gap and a text are gaps", () => {
  const range = { fromMs: 1000, toMs: 5000, stepMs: 1000, backMs: 10_000 };
  const now = [
    [2000, 0.2],
    [4000, 0.4],
    [5000, "NaN"],
  ] as const;
  const before = [
    [-8000, 7],
    [-5000, 9],
    [-90_000, 1],
  ] as const;
  expect(alignCourses(now, before, range)).toEqual([
    [1, 2, 3, 4, 5],
    [null, 0.2, null, 0.4, null],
    [null, 7, null, null, 9],
  ]);
});
