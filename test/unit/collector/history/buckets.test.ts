import fc from "fast-check";
import { expect, test } from "vitest";
import {
  counterBuckets,
  gaugeBuckets,
  mergeSamples,
  NO_SAMPLES,
  sliceSamples,
  sumBuckets,
} from "../../../../collector/history/buckets.ts";

const samples = (...pairs: readonly (readonly [number, number])[]) => ({
  times: pairs.map(([time]) => time),
  values: pairs.map(([, value]) => value),
});

test("a gauge: mean and greatest value of each window, none for a window without a sample", () => {
  const { mean, max } = gaugeBuckets(samples([1, 2], [10, 4], [11, 9], [31, 1]), 10);
  expect(mean).toEqual(samples([10, 3], [20, 9], [40, 1]));
  expect(max).toEqual(samples([10, 4], [20, 9], [40, 1]));
});

test("a counter: its growth, also through a restart, but not through a silence", () => {
  expect(counterBuckets(samples([1, 100], [10, 130], [15, 5], [25, 7]), 10)).toEqual(
    samples([10, 30], [20, 5], [30, 2]),
  );
  expect(counterBuckets(samples([0, 100], [300_001, 900], [300_002, 901]), 10)).toEqual(
    samples([300_010, 1]),
  );
  expect(sumBuckets(samples([10, 30], [20, 5], [30, 2]), 20)).toEqual(samples([20, 35], [40, 2]));
});

test("merged: in order, each time once, the last given wins; merging again changes nothing", () => {
  const part = fc.array(fc.tuple(fc.nat(50), fc.nat(9)), { maxLength: 20 }).map((pairs) => samples(...pairs));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      const model = new Map(
        parts.flatMap(({ times, values }) => times.map((time, i) => [time, values[i] ?? 0])),
      );
      const expected = samples(...[...model].sort(([a], [b]) => a - b));
      expect(mergeSamples(parts)).toEqual(expected);
      expect(mergeSamples([expected, expected])).toEqual(expected);
    }),
  );
});

test("a slice is without its beginning and with its end", () => {
  const all = samples([1, 1], [2, 2], [3, 3]);
  expect(sliceSamples(all, 1, 2)).toEqual(samples([2, 2]));
  expect(sliceSamples(all, 0, 9)).toEqual(all);
  expect(sliceSamples(all, 3, 9)).toEqual(NO_SAMPLES);
});
