import { expect, test } from "vitest";
import { gauge, point } from "../../../agent/metric.ts";
import { Staleness } from "../../../agent/staleness.ts";
import type { Series } from "../../../core/metrics/series.ts";

const METRIC = gauge("m", "");

/** `m` of the devices, and one without a device. */
function says(devices: string, atMs: number, source = "s") {
  const series = [...devices].map((device) => point(METRIC, device === "-" ? {} : { device }, 1, atMs));
  return { source, atMs, series };
}

const devicesOf = (series: readonly Series[]) => series.map(({ labels }) => labels.device ?? "-").join("");

test("a series that is gone is ended once, whatever the order of the others", () => {
  const staleness = new Staleness();
  expect(staleness.follow(says("ab-", 1000))).toEqual([]);
  expect(staleness.follow(says("ab-", 2000))).toEqual([]);
  expect(staleness.follow(says("b-a", 3000))).toEqual([]);
  const gone = staleness.follow(says("acd", 4000));
  expect(devicesOf(gone)).toBe("b-");
  expect(gone[0]?.samples).toEqual([{ timestampMs: 4000, value: Number.NaN, stale: true }]);
  expect(staleness.follow(says("acd", 5000))).toEqual([]);
});

test("labels that are added make another series", () => {
  const staleness = new Staleness();
  staleness.follow(says("-", 0));

  expect(devicesOf(staleness.follow(says("a", 1)))).toBe("-");
});

test("a source that says nothing this time ends nothing, one that says it has nothing does", () => {
  const staleness = new Staleness();
  staleness.follow(says("a", 0, "slow"));
  expect(staleness.follow(says("b", 10))).toEqual([]);

  expect(devicesOf(staleness.follow(says("", 20, "slow")))).toBe("a");
});

test("the end ends all, but for what was dated by somebody else", () => {
  const staleness = new Staleness();
  staleness.follow(says("a", 0, "one"));
  staleness.follow({ ...says("b", 5, "other"), atMs: 10 });
  staleness.follow(says("c", 10));

  expect(devicesOf(staleness.end(19))).toBe("ac");
  expect(staleness.end(19)).toEqual([]);
});

test("labels that every object has a member for are labels like others", () => {
  const staleness = new Staleness();
  const all = ["constructor", "toString", "__proto__"].map((name) => Object.fromEntries([[name, "x"]]));
  for (const labels of all) {
    staleness.follow({ source: "s", atMs: 0, series: [point(METRIC, {}, 1, 0)] });

    expect(staleness.follow({ source: "s", atMs: 1, series: [point(METRIC, labels, 1, 1)] })).toHaveLength(1);
  }
});
