import fc from "fast-check";
import { expect, test } from "vitest";
import { SeriesMap } from "../../../collector/series-map.ts";
import type { Labels } from "../../../core/metrics/series.ts";

interface Entry {
  readonly name: string;
  readonly labels: Labels;
}

test("found by its labels in any order, and by no others", () => {
  const map = new SeriesMap<Entry>();
  const entry = { name: "up", labels: { a: "1", b: "2" } };
  map.add(entry);
  expect(map.find({ name: "up", labels: { b: "2", a: "1" } })).toBe(entry);
  for (const labels of [
    {},
    { a: "1" },
    { a: "2", b: "1" },
    { a: "1", b: "2", c: "" },
    { a: "1", constructor: "2" },
  ]) {
    expect(map.find({ name: "up", labels })).toBeUndefined();
  }
  expect(map.find({ name: "down", labels: entry.labels })).toBeUndefined();
});

test("model: a Map by canonical text", () => {
  // Few texts, so that series repeat; swapped values, so that hashes come close.
  const labels = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2", "ab", "ba"), {
    noNullPrototype: true,
  });
  const series = fc.array(fc.record({ name: fc.constantFrom("x", "y"), labels }), { maxLength: 60 });
  const canonical = ({ name, labels: of }: Entry): string =>
    JSON.stringify([name, Object.entries(of).sort()]);
  fc.assert(
    fc.property(series, (entries) => {
      const map = new SeriesMap<Entry>();
      const model = new Map<string, Entry>();
      for (const entry of entries) {
        expect(map.find(entry)).toBe(model.get(canonical(entry)));
        if (model.has(canonical(entry))) continue;
        map.add(entry);
        model.set(canonical(entry), entry);
      }
      expect(new Set(map)).toEqual(new Set(model.values()));

      const isGone = ({ name }: Entry): boolean => name === "x";
      const kept = [...model.values()].filter((entry) => !isGone(entry));
      expect(map.prune(isGone)).toBe(model.size - kept.length);
      expect(map.size).toBe(kept.length);
      expect(new Set(map)).toEqual(new Set(kept));
      for (const entry of kept) expect(map.find(entry)).toBe(entry);
    }),
  );
});

test("many series of one shape do not share a hash", () => {
  const map = new SeriesMap<Entry>();
  const values = Array.from({ length: 100 }, (_, i) => String(i));
  for (const cpu of values) for (const mode of values) map.add({ name: "cpu", labels: { cpu, mode } });
  expect(map.size).toBe(10_000);
  expect(map.find({ name: "cpu", labels: { mode: "7", cpu: "42" } })?.labels).toEqual({
    cpu: "42",
    mode: "7",
  });
});
