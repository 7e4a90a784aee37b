import { expect, test } from "vitest";
import { Course } from "../../../../collector/recent/course.ts";

const MINUTE_MS = 60_000;
/** A figure of each minute, without those there are none of. */
const known = (course: Course, minute: number) =>
  course.upTo(minute * MINUTE_MS).flatMap((figure, i) => (figure === undefined ? [] : [[i, figure]]));

test("sixty figures up to now; gaps are gaps; the last of a minute counts", () => {
  const course = new Course(MINUTE_MS);
  expect(course.upTo(0)).toEqual(Array(60).fill(undefined));
  expect(course.latest(0)).toBeUndefined();
  for (const [minute, figure] of [
    [100, 1],
    [100.5, 2],
    [103, 3],
  ] as const) {
    course.put(minute * MINUTE_MS, figure);
  }
  expect(known(course, 103)).toEqual([
    [56, 2],
    [59, 3],
  ]);
  expect(known(course, 110)).toEqual([
    [49, 2],
    [52, 3],
  ]);
  expect(course.latest(105 * MINUTE_MS)).toBe(3);
  expect(course.latest(109 * MINUTE_MS)).toBeUndefined();
});

test("what comes late fills its place and is not the present; what is too late has none", () => {
  const course = new Course(MINUTE_MS);
  course.put(200 * MINUTE_MS, 9);
  course.put(199 * MINUTE_MS, 8);
  course.put(140 * MINUTE_MS, 7);
  expect(course.latest(200 * MINUTE_MS)).toBe(9);
  expect(known(course, 200)).toEqual([
    [58, 8],
    [59, 9],
  ]);
  course.put(1000 * MINUTE_MS, 1);
  expect(known(course, 1000)).toEqual([[59, 1]]);
  expect(known(course, 200)).toEqual([]);
});

test("what is remembered fills gaps only", () => {
  const course = new Course(MINUTE_MS);
  course.put(200 * MINUTE_MS, 9);
  course.fill(200 * MINUTE_MS, 1);
  course.fill(199 * MINUTE_MS, 2);
  course.fill(201 * MINUTE_MS, 3);
  expect([known(course, 201), course.newestMs]).toEqual([
    [
      [57, 2],
      [58, 9],
      [59, 3],
    ],
    201 * MINUTE_MS,
  ]);
});
