import { expect, test } from "vitest";
import { counter, gauge, point, untyped } from "../../../agent/metric.ts";
import { renderOpenMetrics } from "../../../agent/openmetrics.ts";
import { staleSample } from "../../../core/metrics/series.ts";

test("counters are named without their ending, what is no counter there is unknown, and there is an end", () => {
  const gone = { ...point(gauge("gone", "g"), {}, 1, 0), samples: [staleSample(0)] };
  const page = renderOpenMetrics([
    point(counter("node_forks_total", 'All "forks".'), {}, 17, 0),
    point(counter("node_netstat_Tcp_InSegs", "n"), {}, 1, 0),
    point(gauge("node_load1", ""), { a: "b" }, 0.5, 0),
    point(untyped("node_u", "u"), {}, Number.POSITIVE_INFINITY, 0),
    gone,
  ]);

  expect(page.split("\n")).toEqual([
    '# HELP node_forks All \\"forks\\".',
    "# TYPE node_forks counter",
    "node_forks_total 17",
    "# TYPE node_load1 gauge",
    'node_load1{a="b"} 0.5',
    "# HELP node_netstat_Tcp_InSegs n",
    "# TYPE node_netstat_Tcp_InSegs unknown",
    "node_netstat_Tcp_InSegs 1",
    "# HELP node_u u",
    "# TYPE node_u unknown",
    "node_u +Inf",
    "# EOF",
    "",
  ]);
});

test("a counter does not take a name that is another family's", () => {
  const page = renderOpenMetrics([
    point(gauge("x", "g"), {}, 1, 0),
    point(counter("x_total", "c"), {}, 2, 0),
  ]);

  expect(page.match(/^# TYPE .*/gm)).toEqual(["# TYPE x gauge", "# TYPE x_total unknown"]);
});
