import { expect, test } from "vitest";
import { parseMetricsRequest } from "../../../../core/metrics/otlp-json.ts";
import { gatherOtlp } from "../../../../core/metrics/otlp-series.ts";

const timeUnixNano = "1700000000123000000";
const attribute = (key: string, value: object): object => ({ key, value });
const request = (...metrics: readonly object[]): string =>
  JSON.stringify({
    resourceMetrics: [
      {
        resource: {
          attributes: [
            attribute("host.ip", { arrayValue: { values: [{ stringValue: "10.0.0.7" }] } }),
            attribute("level", { intValue: "5" }),
            attribute("none", {}),
          ],
        },
        scopeMetrics: [{ scope: { name: "x" }, unknown: 1, metrics }],
      },
    ],
  });

test("every shape a metric can have; 64-bit numbers are texts or numbers", () => {
  const text = request(
    { name: "g", description: "G.", gauge: { dataPoints: [{ timeUnixNano, asInt: "12" }] } },
    {
      name: "s",
      unit: "s",
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [{ timeUnixNano: 17e17, asDouble: 0.5 }],
      },
    },
    {
      name: "h",
      histogram: {
        dataPoints: [{ timeUnixNano, count: "3", sum: 9, bucketCounts: ["1", "2"], explicitBounds: [2] }],
      },
    },
    {
      name: "q",
      summary: {
        dataPoints: [{ timeUnixNano, count: 3, quantileValues: [{ quantile: 0.5, value: "NaN" }] }],
      },
    },
    { name: "e", exponentialHistogram: { dataPoints: [{ timeUnixNano }] } },
    { name: "end", gauge: { dataPoints: [{ timeUnixNano, flags: 1 }] } },
  );
  const { series, rejected } = gatherOtlp(parseMetricsRequest(text));
  expect(
    series.map(({ name, labels, samples }) => `${name} ${labels.ip} ${labels.level} ${samples[0]?.value}`),
  ).toEqual([
    "g 10.0.0.7 5 12",
    "s_seconds_total 10.0.0.7 5 0.5",
    "h_bucket 10.0.0.7 5 1",
    "h_bucket 10.0.0.7 5 3",
    "h_count 10.0.0.7 5 3",
    "h_sum 10.0.0.7 5 9",
    "q 10.0.0.7 5 NaN",
    "q_count 10.0.0.7 5 3",
    "q_sum 10.0.0.7 5 0",
    "end 10.0.0.7 5 NaN",
  ]);
  expect(series[0]?.samples).toEqual([{ timestampMs: 1_700_000_000_123, value: 12 }]);
  expect(rejected?.reason).toBe("e: an exponential histogram is not kept");
});

test("nothing is a request too", () => {
  expect(parseMetricsRequest("{}")).toEqual([]);
});

test.for([
  ["not JSON", "hello"],
  ["the request is not an object", "[]"],
  ["resourceMetrics is not a list", '{"resourceMetrics":{}}'],
  ["an element of metrics is not an object", request(5 as unknown as object)],
  ["name is not a text", request({ name: 5 })],
  ["timeUnixNano is not a number", request({ name: "m", gauge: { dataPoints: [{ timeUnixNano: "soon" }] } })],
] as const)("%s", ([message, text]) => {
  expect(() => parseMetricsRequest(text)).toThrow(message);
});
