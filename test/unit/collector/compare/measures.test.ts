import { expect, test } from "vitest";
import { MEASURES } from "../../../../collector/compare/measures.ts";
import type { Labels } from "../../../../core/metrics/series.ts";

const at = (...values: number[]) => ({ times: values.map((_, i) => (i + 1) * 10), values });
let id = 0;
const gauge = (name: string, labels: Labels, ...values: number[]) => ({
  series: { id: ++id, name, labels },
  windows: { kind: "gauge", mean: at(...values), max: at(...values) } as const,
});
const counter = (name: string, labels: Labels, ...values: number[]) => ({
  series: { id: ++id, name, labels },
  windows: { kind: "counter", increase: at(...values) } as const,
});

function figures(
  name: string,
  ...all: (ReturnType<typeof gauge> | ReturnType<typeof counter>)[]
): readonly number[] {
  const measure = MEASURES.find((one) => one.name === name);
  return (
    measure?.compute(
      all.filter(({ series }) => measure.needs(series)),
      10_000,
    ).values ?? []
  );
}

test("cpu: the busy part, whatever the number of CPUs", () => {
  const mode = (cpu: string, name: string) => ({ cpu, mode: name });
  expect(
    figures(
      "cpu",
      counter("node_cpu_seconds_total", mode("0", "user"), 2.5, 0),
      counter("node_cpu_seconds_total", mode("0", "idle"), 7, 10),
      counter("node_cpu_seconds_total", mode("0", "iowait"), 0.5, 0),
      counter("node_load1", {}, 99),
    ),
  ).toEqual([0.25, 0]);
});

test("memory: what is not available; nothing where only one of the two is known", () => {
  expect(
    figures(
      "memory",
      gauge("node_memory_MemTotal_bytes", {}, 100, 100),
      gauge("node_memory_MemAvailable_bytes", {}, 25),
    ),
  ).toEqual([0.75]);
});

test("disk: the fullest file system", () => {
  const on = (mountpoint: string) => ({ mountpoint, device: "d" });
  expect(
    figures(
      "disk",
      gauge("node_filesystem_size_bytes", on("/"), 100, 100),
      gauge("node_filesystem_avail_bytes", on("/"), 50, 40),
      gauge("node_filesystem_size_bytes", on("/data"), 10, 10),
      gauge("node_filesystem_avail_bytes", on("/data"), 2, 8),
      gauge("node_filesystem_size_bytes", on("/lost"), 10),
    ),
  ).toEqual([0.8, 0.6]);
});

test("network: both directions of all interfaces but loopback", () => {
  const rx = (device: string, ...values: number[]) =>
    counter("node_network_receive_bytes_total", { device }, ...values);
  expect(
    figures(
      "network",
      rx("eth0", 100),
      rx("lo", 9e9),
      counter("node_network_transmit_bytes_total", { device: "eth1" }, 50),
    ),
  ).toEqual([15]);
});
