import { expect, test } from "vitest";
import { withoutTaken } from "../../../agent/foreign-series.ts";
import { gauge, point } from "../../../agent/metric.ts";
import type { Labels } from "../../../core/metrics/series.ts";

const one = (name: string, labels: Labels = {}) => point(gauge(name, ""), labels, 1, 0);
const OWN = { source: "loadavg", atMs: 0, series: [one("node_load1"), one("node_x", { a: "1", b: "2" })] };

test("what a source of ours has, a page cannot have too; its other series stay", () => {
  const page = [one("node_load1"), one("node_x", { b: "2", a: "1" }), one("node_x", { a: "2" }), one("mine")];
  const { answers, taken } = withoutTaken([OWN, { source: "textfile", atMs: 0, series: page }]);

  expect(taken).toBe("node_load1");
  expect(answers[0]).toBe(OWN);
  expect(answers[1]?.series).toEqual([one("node_x", { a: "2" }), one("mine")]);
});

test("so it is with what a source of ours has said before, where it says nothing now", () => {
  const page = { source: "textfile", atMs: 9, series: [one("node_load1"), one("mine")] };

  expect(withoutTaken([page], [OWN, page])).toEqual({
    answers: [{ ...page, series: [one("mine")] }],
    taken: "node_load1",
  });
});

test("without such series the answers are as they were", () => {
  const answers = [OWN, { source: "exec", atMs: 0, series: [one("mine")] }];

  expect(withoutTaken(answers)).toEqual({ answers, taken: undefined });
  expect(withoutTaken(answers).answers).toBe(answers);
  expect(withoutTaken([OWN]).taken).toBeUndefined();
});
