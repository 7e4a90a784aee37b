import { expect, test } from "vitest";
import { gatherOtlp, NO_POINT, type OtlpMetric } from "../../../../core/metrics/otlp-series.ts";

const METRIC: OtlpMetric = {
  ...{ name: "m", description: "M.", unit: "", shape: "gauge", temporality: 2, isMonotonic: false },
  points: [{ ...NO_POINT, timeMs: 1000, value: 5 }],
};
const gather = (metric: Partial<OtlpMetric>, attributes = {}) =>
  gatherOtlp([{ attributes, metrics: [{ ...METRIC, ...metric }] }]);
const nameOf = (metric: Partial<OtlpMetric>): string | undefined => gather(metric).series[0]?.name;

test("the resource says which machine it is; what changes at each restart is left out", () => {
  const attributes = {
    ...{ "service.instance.id": "10.0.0.7", "host.ip": '["10.0.0.7","fe80::1"]', "host.name": "web" },
    ...{ "service.name": "shop", "process.pid": "12", rack: "a1" },
  };
  const points = [
    { ...NO_POINT, timeMs: 1000, value: 5, attributes: { "http.method": "GET", instance: "x" } },
  ];
  expect(gather({ points }, attributes).series).toEqual([
    {
      ...{ name: "m", kind: "gauge", help: "M.", samples: [{ timestampMs: 1000, value: 5 }] },
      labels: {
        ...{ http_method: "GET", instance: "10.0.0.7", ip: "10.0.0.7", hostname: "web" },
        ...{ job: "shop", rack: "a1" },
      },
    },
  ]);
  expect(gather({}, { "service.name": "plimsoll-agent" }).series[0]?.labels).toEqual({});
});

test.for([
  ["system_cpu_time_seconds_total", { name: "system.cpu.time", unit: "s", shape: "sum", isMonotonic: true }],
  ["system_memory_usage_bytes", { name: "system.memory.usage", unit: "By", shape: "sum" }],
  ["cpu_utilization_ratio", { name: "cpu.utilization", unit: "1" }],
  ["node_cpu_seconds_total", { name: "node_cpu_seconds_total", unit: "s", shape: "sum", isMonotonic: true }],
  ["h_bucket", { name: "h_bucket", shape: "sum", isMonotonic: true }],
  ["node_boot_time_seconds", { name: "node_boot_time_seconds", unit: "s" }],
] as const)("%s", ([name, metric]) => {
  expect(nameOf(metric)).toBe(name);
});

test("a histogram is cumulative buckets, a count and a sum; a summary its quantiles", () => {
  const point = { ...NO_POINT, timeMs: 1000, count: 6, sum: 9, bounds: [1, 2.5], buckets: [1, 2, 3] };
  const lines = (metric: Partial<OtlpMetric>): readonly string[] =>
    gather(metric).series.map((one) => `${one.name} ${Object.values(one.labels)} ${one.samples[0]?.value}`);
  expect(lines({ shape: "histogram", points: [point] })).toEqual([
    "m_bucket 1 1",
    "m_bucket 2.5 3",
    "m_bucket +Inf 6",
    "m_count  6",
    "m_sum  9",
  ]);
  const quantiles = [{ quantile: 0.5, value: 7 }];
  expect(lines({ shape: "summary", points: [{ ...point, quantiles }] })).toEqual([
    "m 0.5 7",
    "m_count  6",
    "m_sum  9",
  ]);
});

test("a point without a recorded value ends its series", () => {
  const { series } = gather({ points: [{ ...NO_POINT, timeMs: 1000, isEnd: true }] });
  expect(series[0]?.samples).toEqual([{ timestampMs: 1000, value: Number.NaN, stale: true }]);
});

test.for([
  ["m: delta temporality is not kept, cumulative is", { shape: "sum", temporality: 1 }],
  ["m: an exponential histogram is not kept", { shape: "exponential histogram" }],
  ["m: a point without a time", { points: [NO_POINT] }],
  ["a metric without a name", { name: "" }],
] as const)("rejected: %s", ([reason, metric]) => {
  const gathering = gather(metric);
  expect([gathering.series, gathering.rejected]).toEqual([[], { samples: 1, reason }]);
});
