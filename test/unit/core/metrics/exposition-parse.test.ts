import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "../../../../core/metrics/decode-error.ts";
import { renderExposition } from "../../../../core/metrics/exposition.ts";
import { parseExposition } from "../../../../core/metrics/exposition-parse.ts";
import { batches } from "../../../support/batches.ts";

const NOW_MS = 1_700_000_000_000;
const parse = (text: string, labels = {}) => parseExposition(text, { nowMs: NOW_MS, labels });

const PAGE = `# HELP http_requests_total The \\\\ total\\nof it.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200",} 1027 1395066363000
# a comment, and an empty line

msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find \\"it\\"\\n"} 1.458255915e9
metric_without_labels 12.47
# TYPE rpc summary
rpc{quantile="0.5"} NaN
rpc_sum -Inf
rpc_count 2693
`;

test("a page: values, labels, times, families", () => {
  const { series, families } = parse(PAGE);
  expect(series.map(({ name, labels, samples }) => [name, labels, samples[0]])).toEqual([
    ["http_requests_total", { method: "post", code: "200" }, { value: 1027, timestampMs: 1_395_066_363_000 }],
    [
      "msdos_file_access_time_seconds",
      { path: "C:\\DIR\\FILE.TXT", error: 'Cannot find "it"\n' },
      { value: 1.458255915e9, timestampMs: NOW_MS },
    ],
    ["metric_without_labels", {}, { value: 12.47, timestampMs: NOW_MS }],
    ["rpc", { quantile: "0.5" }, { value: Number.NaN, timestampMs: NOW_MS }],
    ["rpc_sum", {}, { value: -Infinity, timestampMs: NOW_MS }],
    ["rpc_count", {}, { value: 2693, timestampMs: NOW_MS }],
  ]);
  expect(families).toEqual([
    { name: "http_requests_total", kind: "counter", help: "The \\ total\nof it." },
    { name: "rpc", kind: "summary", help: "" },
  ]);
});

test("given labels are on every sample, over its own", () => {
  expect(parse('a{job="x",b="1"} 1', { job: "y" }).series[0]?.labels).toEqual({ job: "y", b: "1" });
});

test.for([
  ['line 1: "1a" is not a metric name', "1a 1"],
  ['line 2: "" is not a value', "\na{}"],
  ['line 1: "1s" is not a value', "a 1s"],
  ["line 1: labels do not end", 'a{b="1" 1'],
  ['line 1: "1b" is not a label name', 'a{1b="1"} 1'],
  ["line 1: label b stands twice", 'a{b="1",b="2"} 1'],
  ['line 1: "soon" is not a timestamp', "a 1 soon"],
  ['line 1: "2" after the timestamp', "a 1 1 2"],
  ['line 1: unknown type "much"', "# TYPE a much"],
] as const)("%s", ([message, text]) => {
  expect(() => parse(text)).toThrow(message);
});

test("what our renderer writes, for any series", () => {
  fc.assert(
    fc.property(batches, (all) => {
      const page = renderExposition(all.flatMap(({ series }) => series));
      expect(renderExposition(parse(page).series)).toBe(page);
    }),
    { numRuns: 50 },
  );
});

test("any truncation parses or is a DecodeError", () => {
  for (let end = 0; end < PAGE.length; end++) {
    try {
      parse(PAGE.slice(0, end));
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
    }
  }
});
