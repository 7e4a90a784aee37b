import { expect, test } from "vitest";
import { gauge, point } from "../../../agent/metric.ts";
import { Staleness } from "../../../agent/staleness.ts";

const METRIC = gauge("m", "");
const at = (device: string, nowMs = 0) => point(METRIC, { device }, 1, nowMs);

test("a series that is gone is ended once, whatever the order of the others", () => {
  const staleness = new Staleness();
  expect(staleness.follow([at("a"), at("b"), point(METRIC, {}, 1, 0)], 1000)).toEqual([]);
  expect(staleness.follow([at("a"), at("b"), point(METRIC, {}, 2, 0)], 2000)).toEqual([]);
  expect(staleness.follow([at("b"), point(METRIC, {}, 1, 0), at("a")], 3000)).toEqual([]);
  expect(staleness.follow([at("a"), at("c"), at("d")], 4000)).toEqual([
    { ...at("b"), samples: [{ timestampMs: 4000, value: Number.NaN, stale: true }] },
    { ...point(METRIC, {}, 1, 0), samples: [{ timestampMs: 4000, value: Number.NaN, stale: true }] },
  ]);
  expect(staleness.follow([at("a"), at("c"), at("d")], 5000)).toEqual([]);
});

test("labels that are added make another series", () => {
  const staleness = new Staleness();
  staleness.follow([point(METRIC, {}, 1, 0)], 0);

  expect(staleness.follow([at("a")], 0).map(({ labels }) => labels)).toEqual([{}]);
});

test("the end ends all", () => {
  const staleness = new Staleness();
  staleness.follow([at("a"), at("b")], 0);

  expect(staleness.end(9).map(({ labels }) => labels.device)).toEqual(["a", "b"]);
  expect(staleness.end(9)).toEqual([]);
});
