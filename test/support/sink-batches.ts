import type { Batch, Series } from "../../core/metrics/series.ts";

/** A batch of `node_load1` and a counter of a device, told apart by its time. */
export function batchAt(timestampMs: number): Batch {
  const series = (name: string, kind: Series["kind"], labels: Series["labels"], value: number): Series => ({
    name,
    kind,
    help: `About ${name}.`,
    labels,
    samples: [{ timestampMs, value }],
  });
  return {
    identity: { instance: "10.0.0.7", ip: "10.0.0.7" },
    series: [
      series("node_load1", "gauge", {}, 0.25),
      series("node_network_receive_bytes_total", "counter", { device: "eth0" }, 1024),
    ],
  };
}
