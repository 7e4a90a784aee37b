import { expect, test } from "vitest";
import { coarseColumns, coarseId } from "../../../../collector/history/coarse.ts";

test("of a gauge mean and greatest value are left, of a counter its growth", () => {
  const series = ["load", "bytes_total", "silent"].map((name, i) => ({ id: i + 1, name, labels: {} }));
  const samples = new Map([
    [1, { times: [100_000, 200_000, 300_001], values: [1, 1 / 3, 5] }],
    [2, { times: [100_000, 200_000, 300_001], values: [10, 15, 2] }],
  ]);
  expect(coarseColumns(series, samples, (name) => name.endsWith("_total"))).toEqual([
    { id: coarseId(1, "mean"), times: [300_000, 600_000], values: [0.666667, 5] },
    { id: coarseId(1, "max"), times: [300_000, 600_000], values: [1, 5] },
    { id: coarseId(2, "increase"), times: [300_000, 600_000], values: [5, 2] },
  ]);
});
