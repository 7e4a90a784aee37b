import { expect, test } from "vitest";
import {
  isLabelName,
  isMetricName,
  mergedLabels,
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

test("identity wins, but for the instance of a program on the machine", () => {
  const identity = { instance: "10.0.0.7", ip: "10.0.0.7" };
  const instanceOf = (instance: string) => mergedLabels({ instance, ip: "x" }, identity);

  for (const program of ["10.0.0.7:8080", "[fd00::7]:80"]) {
    expect(instanceOf(program)).toEqual({ instance: program, ip: "10.0.0.7" });
  }
  for (const other of ["web", "fd00::7", "10.0.0.8", ":80"]) expect(instanceOf(other)).toEqual(identity);
});
