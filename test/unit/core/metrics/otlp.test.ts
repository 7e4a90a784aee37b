import fc from "fast-check";
import { expect, test } from "vitest";
import { LabelCache } from "../../../../core/metrics/label-cache.ts";
import {
  decodeMetricsResponse,
  encodeAttributes,
  encodeMetricsRequest,
  encodeMetricsResponse,
  encodeStatus,
} from "../../../../core/metrics/otlp.ts";
import { type Batch, type Series, staleSample } from "../../../../core/metrics/series.ts";
import { batches } from "../../../support/batches.ts";
import { type OtlpMetric, otlpRequest, otlpResponse } from "../../../support/proto.ts";

const SCOPE = { name: "agent", version: "1" };

function encode(batch: Batch): Uint8Array {
  return encodeMetricsRequest(batch, SCOPE, new LabelCache(encodeAttributes));
}

const series = (name: string, kind: Series["kind"], labels: Series["labels"] = {}): Series => ({
  name,
  kind,
  help: "Help.",
  labels,
  samples: [{ timestampMs: 1_700_000_000_123, value: 0.5 }],
});

test("a counter is a cumulative sum, a gauge a gauge; the identity is the resource", () => {
  const identity = { instance: "10.0.0.7", ip: "10.0.0.7", hostname: "web", rack: "a1" };
  const request = otlpRequest.decode(
    encode({
      identity,
      series: [series("c_total", "counter", { device: "a", empty: "" }), series("g", "gauge")],
    }),
  );

  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  expect(request).toEqual({
    resourceMetrics: [
      {
        resource: {
          attributes: [
            attribute("service.name", "agent"),
            attribute("service.instance.id", "10.0.0.7"),
            attribute("host.ip", "10.0.0.7"),
            attribute("host.name", "web"),
            attribute("rack", "a1"),
          ],
        },
        scopeMetrics: [
          {
            scope: { name: "agent", version: "1", attributes: [] },
            metrics: [
              {
                name: "c_total",
                description: "Help.",
                sum: {
                  dataPoints: [
                    {
                      attributes: [attribute("device", "a")],
                      timeUnixNano: "1700000000123000000",
                      asDouble: 0.5,
                    },
                  ],
                  aggregationTemporality: 2,
                  isMonotonic: true,
                },
              },
              {
                name: "g",
                description: "Help.",
                gauge: {
                  dataPoints: [{ attributes: [], timeUnixNano: "1700000000123000000", asDouble: 0.5 }],
                },
              },
            ],
          },
        ],
      },
    ],
  });
});

test("series of one name are one metric; what is counted in a histogram is a sum, a quantile is not", () => {
  const request = otlpRequest.decode(
    encode({
      identity: {},
      series: [
        series("g", "gauge", { a: "1" }),
        series("h_bucket", "histogram", { le: "1" }),
        series("g", "gauge", { a: "2" }),
        series("s", "summary", { quantile: "0.5" }),
        series("s_sum", "summary"),
        series("u", "unknown"),
      ],
    }),
  );
  const metrics = request.resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];

  expect(
    metrics.map(({ name, sum, gauge }) => [name, sum?.dataPoints.length, gauge?.dataPoints.length]),
  ).toEqual([
    ["g", undefined, 2],
    ["h_bucket", 1, undefined],
    ["s", undefined, 1],
    ["s_sum", 1, undefined],
    ["u", undefined, 1],
  ]);
});

test("the end of a series is a point without a value", () => {
  const ended = { ...series("g", "gauge"), samples: [staleSample(1000)] };
  const request = otlpRequest.decode(encode({ identity: {}, series: [ended] }));

  expect(request.resourceMetrics[0]?.scopeMetrics[0]?.metrics[0]?.gauge?.dataPoints).toEqual([
    { attributes: [], timeUnixNano: "1000000000", flags: 1 },
  ]);
});

test("every sample is there, whatever the batch, and two requests in a row are one", () => {
  fc.assert(
    fc.property(batches, (list) => {
      const possible = list.map((batch) => ({
        ...batch,
        series: batch.series.map((one) => ({
          ...one,
          samples: one.samples.filter(({ timestampMs }) => timestampMs >= 0),
        })),
      }));
      const request = otlpRequest.decode(Buffer.concat(possible.map(encode)));
      const points = (metric: OtlpMetric) =>
        (metric.sum ?? metric.gauge)?.dataPoints.map(({ asDouble }) => asDouble) ?? [];
      request.resourceMetrics.forEach(({ scopeMetrics }, i) => {
        const metrics = scopeMetrics[0]?.metrics ?? [];
        const names = [...new Set(possible[i]?.series.map(({ name }) => name))];
        expect(metrics.map(({ name }) => name)).toEqual(names);
        expect(metrics.map(points)).toEqual(
          names.map((name) =>
            possible[i]?.series.flatMap((one) =>
              one.name === name ? one.samples.map(({ value }) => value) : [],
            ),
          ),
        );
      });
      expect(request.resourceMetrics).toHaveLength(possible.length);
    }),
  );
});

test("a response says what was left out", () => {
  const partial = otlpResponse.encode({ partialSuccess: { rejectedDataPoints: 3, errorMessage: "too old" } });

  expect(decodeMetricsResponse(partial)).toEqual({ rejected: 3, message: "too old" });
  expect(decodeMetricsResponse(new Uint8Array(0))).toEqual({ rejected: 0, message: "" });
  // Fields we do not know: 9 in the response, 9 in the partial success.
  expect(decodeMetricsResponse(Uint8Array.of(0x48, 1, 0x0a, 4, 0x48, 1, 0x08, 2))).toEqual({
    rejected: 2,
    message: "",
  });
  expect(() => decodeMetricsResponse(Buffer.from("<html>"))).toThrow();
});

test("a response with what was left out, and one without", () => {
  expect(decodeMetricsResponse(encodeMetricsResponse(7, "delta"))).toEqual({ rejected: 7, message: "delta" });
  expect(encodeMetricsResponse(0, "")).toHaveLength(0);
  expect(otlpResponse.decode(encodeMetricsResponse(7, "delta"))).toMatchObject({
    partialSuccess: { rejectedDataPoints: "7", errorMessage: "delta" },
  });
  expect(Buffer.from(encodeStatus("no")).toString("hex")).toBe("12026e6f");
});
