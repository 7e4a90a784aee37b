import { expect, test } from "vitest";
import { figuresOf, type LatestValue, renderFigures } from "../../../../provisioner/up/figures.ts";

/** A machine after `idle` and `user` CPU seconds and `received` bytes. */
function machine(timestampMs: number, idle: number, user: number, received: number): LatestValue[] {
  const value = (name: string, amount: number, labels: Record<string, string> = {}): LatestValue => ({
    name,
    labels,
    value: amount,
    timestampMs,
  });
  return [
    value("node_memory_MemTotal_bytes", 512 * 2 ** 20),
    value("node_memory_MemAvailable_bytes", 500 * 2 ** 20),
    value("node_load1", 0.5),
    value("node_load5", 0.25),
    value("node_load15", 0.1),
    value("node_cpu_seconds_total", idle, { cpu: "0", mode: "idle" }),
    value("node_cpu_seconds_total", user, { cpu: "0", mode: "user" }),
    value("node_network_receive_bytes_total", received, { device: "eth0" }),
    value("node_network_receive_bytes_total", 10 * received, { device: "lo" }),
  ];
}

test("with one sample the CPU share is the one since the container's start, rates are 0", () => {
  const figures = figuresOf(machine(1000, 3, 1, 5000));

  expect(figures).toMatchObject({
    cpuPercent: 25,
    cpus: 1,
    receivedBytesPerSecond: 0,
    load: [0.5, 0.25, 0.1],
  });
  expect(figures?.memoryUsedBytes).toBe(12 * 2 ** 20);
});

test("with two samples, shares and rates are those of the time between, without the loopback", () => {
  const figures = figuresOf(machine(3000, 4, 2, 9000), machine(1000, 3, 1, 5000));

  expect(figures).toMatchObject({ cpuPercent: 50, receivedBytesPerSecond: 2000 });
});

test("the same sample again gives no division by zero", () => {
  const figures = figuresOf(machine(1000, 3, 1, 5000), machine(1000, 3, 1, 5000));

  expect(figures).toMatchObject({ cpuPercent: 0, receivedBytesPerSecond: 0 });
});

test("nothing is shown before the values are complete", () => {
  expect(figuresOf([])).toBeUndefined();
  expect(figuresOf(machine(1, 1, 1, 1).slice(1))).toBeUndefined();
});

test("one line for a terminal", () => {
  const figures = figuresOf(machine(1000, 3, 1, 5000));

  expect(figures && renderFigures(figures)).toBe(
    "cpu 25.0 % of 1   memory 12 MiB of 512 MiB   load 0.50 0.25 0.10   network in 0.0 kB/s, out 0.0 kB/s",
  );
});
