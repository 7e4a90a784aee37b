import { expect, test } from "vitest";
import {
  isLabelName,
  isMetricName,
  renderSeriesName,
  toLabelName,
  toMetricName,
} from "../../../../core/metrics/labels.ts";

test("names", () => {
  for (const name of ["up", "_a", "a:b", "A9"]) expect(isMetricName(name)).toBe(true);
  for (const name of ["", "9a", "a-b", "a b", "é", "a\n"]) expect(isMetricName(name)).toBe(false);
  expect(isLabelName("a_b9")).toBe(true);
  for (const name of ["", "a:b", "9a", "a."]) expect(isLabelName(name)).toBe(false);
});

test("a series' name for people", () => {
  expect(renderSeriesName("up", {})).toBe("up");
  expect(renderSeriesName("up", { job: 'a"b', instance: "10.0.0.7" })).toBe(
    'up{instance="10.0.0.7",job="a\\"b"}',
  );
});

test("names of another naming become ours", () => {
  expect(["cpu.idle", "9a:b", "a-b é", "ok_1", ""].map(toMetricName)).toEqual([
    "cpu_idle",
    "_9a:b",
    "a_b__",
    "ok_1",
    "",
  ]);
  expect(["a:b", "9", "ok"].map(toLabelName)).toEqual(["a_b", "_9", "ok"]);
});
