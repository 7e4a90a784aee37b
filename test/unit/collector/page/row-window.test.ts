import { expect, test } from "vitest";
import { rowWindow } from "../../../../collector/page/row-window.ts";

test.for([
  [0, 400, 1000, { first: 0, end: 18 }],
  [4000, 400, 1000, { first: 92, end: 118 }],
  [39_600, 400, 1000, { first: 982, end: 1000 }],
  [0, 400, 3, { first: 0, end: 3 }],
  [0, 400, 0, { first: 0, end: 0 }],
  // Scrolled far down when a search leaves a few.
  [9000, 400, 3, { first: 3, end: 3 }],
] as const)("scrolled by %i in %i of %i rows", ([scrollTop, height, count, want]) => {
  expect(rowWindow(scrollTop, height, 40, count)).toEqual(want);
});
