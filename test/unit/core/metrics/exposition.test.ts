import { expect, test } from "vitest";
import { renderExposition } from "../../../../core/metrics/exposition.ts";
import { type MetricKind, type Series, staleSample } from "../../../../core/metrics/series.ts";

const series = (
  name: string,
  kind: MetricKind,
  value: number,
  labels: Series["labels"] = {},
  help = `About ${name}.`,
): Series => ({ name, kind, help, labels, samples: [{ timestampMs: 1, value }] });

test("HELP and TYPE once for each family, families sorted, members in the order given", () => {
  const page = renderExposition([
    series("z_total", "counter", 2, { device: "eth1" }),
    series("a", "gauge", 0.5),
    series("z_total", "counter", 1, { device: "eth0" }),
  ]);
  expect(page).toBe(
    [
      "# HELP a About a.",
      "# TYPE a gauge",
      "a 0.5",
      "# HELP z_total About z_total.",
      "# TYPE z_total counter",
      'z_total{device="eth1"} 2',
      'z_total{device="eth0"} 1',
      "",
    ].join("\n"),
  );
});

test("a histogram's three names are one family", () => {
  const parts = [
    ["h_bucket", { le: "+Inf" }],
    ["h_sum", {}],
    ["h_count", {}],
  ] as const;
  expect(renderExposition(parts.map(([name, labels]) => series(name, "histogram", 3, labels, "Time.")))).toBe(
    '# HELP h Time.\n# TYPE h histogram\nh_bucket{le="+Inf"} 3\nh_sum 3\nh_count 3\n',
  );
});

test("values, escapes and order of labels", () => {
  const f = (want: string, value: number, labels: Series["labels"] = {}, help = "h"): void => {
    expect(renderExposition([series("x", "gauge", value, labels, help)])).toBe(want);
  };
  const head = "# HELP x h\n# TYPE x gauge\n";
  f(`${head}x NaN\n`, Number.NaN);
  f(`${head}x +Inf\n`, Number.POSITIVE_INFINITY);
  f(`${head}x -Inf\n`, Number.NEGATIVE_INFINITY);
  f(`${head}x 1e+21\n`, 1e21);
  f(`${head}x 9007199254740991\n`, Number.MAX_SAFE_INTEGER);
  f(`${head}x{a="1",b="q\\"\\\\\\n"} 1\n`, 1, { b: 'q"\\\n', a: "1", c: "" });
  f('# HELP x two\\nlines \\\\ "quoted"\n# TYPE x gauge\nx 1\n', 1, {}, 'two\nlines \\ "quoted"');
});

test("the latest sample counts, a stale series is not there", () => {
  const page = renderExposition([
    {
      ...series("x", "gauge", 1),
      samples: [
        { timestampMs: 1, value: 1 },
        { timestampMs: 2, value: 7 },
      ],
    },
    { ...series("gone", "gauge", 1), samples: [{ timestampMs: 1, value: 1 }, staleSample(2)] },
    { ...series("empty", "gauge", 1), samples: [] },
  ]);
  expect(page).toBe("# HELP x About x.\n# TYPE x gauge\nx 7\n");
});

test("two members that differ about their family: whoever knows more is right", () => {
  const page = renderExposition([
    series("x", "unknown", 1, { a: "1" }, ""),
    series("x", "counter", 2, { a: "2" }, "H."),
  ]);
  expect(page).toBe('# HELP x H.\n# TYPE x counter\nx{a="1"} 1\nx{a="2"} 2\n');
});
