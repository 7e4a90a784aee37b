import fc from "fast-check";
import { expect, test } from "vitest";
import { isLabelName, isMetricName, renderSeriesName, seriesKey } from "../../../../core/metrics/labels.ts";

test("names", () => {
  for (const name of ["up", "_a", "a:b", "A9"]) expect(isMetricName(name)).toBe(true);
  for (const name of ["", "9a", "a-b", "a b", "é", "a\n"]) expect(isMetricName(name)).toBe(false);
  expect(isLabelName("a_b9")).toBe(true);
  for (const name of ["", "a:b", "9a", "a."]) expect(isLabelName(name)).toBe(false);
});

test("a series' key does not depend on the order of its labels", () => {
  expect(seriesKey("up", { a: "1", b: "2" })).toBe(seriesKey("up", { b: "2", a: "1" }));
});

test("different series have different keys", () => {
  const labels = fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.string({ unit: fc.constantFrom("a", "\xff", "1") }),
    {
      noNullPrototype: true,
    },
  );
  const canonical = (one: Record<string, string>): string => JSON.stringify(Object.entries(one).sort());
  fc.assert(
    fc.property(labels, labels, (one, other) => {
      expect(seriesKey("m", one) === seriesKey("m", other)).toBe(canonical(one) === canonical(other));
    }),
    { numRuns: 1000 },
  );
});

test("a series' name for people", () => {
  expect(renderSeriesName("up", {})).toBe("up");
  expect(renderSeriesName("up", { job: 'a"b', instance: "10.0.0.7" })).toBe(
    'up{instance="10.0.0.7",job="a\\"b"}',
  );
});
