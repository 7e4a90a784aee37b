import fc from "fast-check";
import { expect, test } from "vitest";
import { renderInfluxLines, renderInfluxPrefix } from "../../../../core/metrics/influx.ts";
import { LabelCache, seriesKey } from "../../../../core/metrics/label-cache.ts";
import type { Series } from "../../../../core/metrics/series.ts";
import { batches } from "../../../support/batches.ts";

const series = (name: string): Series => ({ name, kind: "gauge", help: "", labels: {}, samples: [] });

test("made once while it is asked for; forgotten when it is not, or when the identity is another", () => {
  const made: string[] = [];
  const cache = new LabelCache(({ name }) => {
    made.push(name);
    return name;
  });
  for (let batch = 0; batch < 100; batch++) {
    cache.begin({ ip: "a" });
    expect(cache.get(series("x"))).toBe("x");
    if (batch === 0) cache.get(series("y"));
  }
  expect(made).toEqual(["x", "y"]);
  expect(cache.size).toBe(1);
  cache.begin({ ip: "b" });
  cache.get(series("x"));
  expect(made).toEqual(["x", "y", "x"]);
});

test("different series have different keys", () => {
  const keys = [{ a: "1", b: "2" }, { a: "1\nb 1 2" }, { a: "1" }, {}].map((labels) =>
    seriesKey("m", labels),
  );

  expect(new Set(keys).size).toBe(4);
});

test("lines are the same with a cache that knows the series as with one that does not", () => {
  fc.assert(
    fc.property(batches, (list) => {
      const cache = new LabelCache(renderInfluxPrefix);
      for (const batch of [...list, ...list]) {
        expect(renderInfluxLines(batch, cache)).toEqual(
          renderInfluxLines(batch, new LabelCache(renderInfluxPrefix)),
        );
      }
    }),
  );
});
