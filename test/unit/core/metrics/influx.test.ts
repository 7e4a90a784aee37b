import { expect, test } from "vitest";
import { renderInfluxLines, renderInfluxPrefix } from "../../../../core/metrics/influx.ts";
import { LabelCache } from "../../../../core/metrics/label-cache.ts";
import type { Series } from "../../../../core/metrics/series.ts";

const series = (labels: Series["labels"], ...values: readonly number[]): Series => ({
  name: "node_load1",
  kind: "gauge",
  help: "",
  labels,
  samples: values.map((value, i) => ({ timestampMs: 1_700_000_000_000 + i, value })),
});

function render(...all: readonly Series[]) {
  return renderInfluxLines({ identity: { ip: "10.0.0.7" }, series: all }, new LabelCache(renderInfluxPrefix));
}

test("one line per sample, tags sorted, empty ones left out", () => {
  expect(render(series({ zone: "b", a: "c", none: "" }, 0.25, 1e21), series({}, 3))).toEqual({
    text:
      "node_load1,a=c,ip=10.0.0.7,zone=b value=0.25 1700000000000\n" +
      "node_load1,a=c,ip=10.0.0.7,zone=b value=1e+21 1700000000001\n" +
      "node_load1,ip=10.0.0.7 value=3 1700000000000\n",
    samples: 3,
  });
});

test("what is no number is left out", () => {
  expect(render(series({}, Number.NaN, Number.POSITIVE_INFINITY))).toEqual({ text: "", samples: 0 });
});

test("what would end a tag is escaped", () => {
  expect(render(series({ mount: "/my disk,a=b\nc\\" }, 1)).text).toBe(
    "node_load1,ip=10.0.0.7,mount=/my\\ disk\\,a\\=b\\ c_ value=1 1700000000000\n",
  );
});
