import { expect, test } from "vitest";
import {
  renderGraphiteLines,
  renderGraphitePath,
  renderGraphiteTags,
} from "../../../../core/metrics/graphite.ts";
import { LabelCache } from "../../../../core/metrics/label-cache.ts";
import type { Series } from "../../../../core/metrics/series.ts";

const IDENTITY = { instance: "10.0.0.7", type: "" };

const series = (labels: Series["labels"], ...values: readonly number[]): Series => ({
  name: "node_x",
  kind: "gauge",
  help: "",
  labels,
  samples: values.map((value) => ({ timestampMs: 1_700_000_000_900, value })),
});

test("one line per sample in whole seconds; what is no number is left out", () => {
  const paths = new LabelCache((one: Series) => one.name);

  expect(
    renderGraphiteLines({ identity: {}, series: [series({}, 0.5, Number.NaN), series({}, 2)] }, paths),
  ).toEqual({
    text: "node_x 0.5 1700000000\nnode_x 2 1700000000\n",
    samples: 2,
  });
});

test("a path has no dots but its own", () => {
  expect(renderGraphitePath("plimsoll", series({ mount: "/a b", device: "sda.1" }), IDENTITY)).toBe(
    "plimsoll.10_0_0_7.node_x.sda_1._a_b",
  );
  expect(renderGraphitePath("", series({ empty: "" }), {})).toBe("_.node_x._");
});

test("tags are sorted, not empty, and end nowhere but at their end", () => {
  expect(renderGraphiteTags(series({ mount: "/a b;c", home: "~x", empty: "" }), IDENTITY)).toBe(
    "node_x;home=_x;instance=10.0.0.7;mount=/a_b_c",
  );
});
