import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { afterEach, expect } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { testIf } from "../support/host.ts";
import { programArgv, startProgram } from "../support/run-program.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

testIf()("what OpenTelemetry's own client measures arrives under the machine's address", async () => {
  const flags = ["serve", "--listen", "127.0.0.1:0", "--trust", "any", "--data", "none"];
  const collector = startProgram(cleanup, programArgv("plimsoll-collector", ...flags));
  const { addresses } = JSON.parse(await collector.waitForLine(/"msg":"ready"/));
  const exporter = new OTLPMetricExporter({ url: `http://${addresses[0]}/v1/metrics` });
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ "service.name": "shop", ip: "10.0.0.7" }),
    readers: [reader],
  });
  cleanup.add("client", () => provider.shutdown().catch(() => {}));
  const meter = provider.getMeter("checkout");
  meter.createCounter("orders", { description: "Orders taken." }).add(3, { country: "cn" });
  meter.createUpDownCounter("carts").add(-2);
  meter.createObservableGauge("queue.depth").addCallback((result) => result.observe(7));
  const duration = meter.createHistogram("duration", {
    unit: "s",
    advice: { explicitBucketBoundaries: [1, 2] },
  });
  for (const seconds of [0.5, 1.5, 5]) duration.record(seconds);
  await provider.forceFlush(); // Rejects when the collector does.

  const lines = (await (await fetch(`http://${addresses[0]}/metrics`)).text()).split("\n");
  for (const line of [
    'orders_total{country="cn",job="shop",ip="10.0.0.7"} 3',
    'carts{job="shop",ip="10.0.0.7"} -2',
    'queue_depth{job="shop",ip="10.0.0.7"} 7',
    'duration_seconds_bucket{job="shop",le="2",ip="10.0.0.7"} 2',
    'duration_seconds_count{job="shop",ip="10.0.0.7"} 3',
    'duration_seconds_sum{job="shop",ip="10.0.0.7"} 7',
    "# HELP orders_total Orders taken.",
    "# TYPE carts gauge",
  ]) {
    expect(lines).toContain(line);
  }
});
