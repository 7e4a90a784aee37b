import type { Labels, Sample, Series } from "../../core/metrics/series.ts";
import { push, pushBody } from "./push.ts";

const MINUTE_MS = 60_000;

export interface FleetMachine {
  readonly ip: string;
  readonly name: string;
  readonly business: string;
  /** Parts of the whole that are used all the time. */
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
}

/** What an agent would have pushed of a machine in the last `minutes`, one sample each `everyMinutes`. */
export function fleetSeries(machine: FleetMachine, minutes: number, everyMinutes = 1): readonly Series[] {
  const { ip, name, business, cpu, memory, disk } = machine;
  const identity = { instance: ip, ip, hostname: name, business };
  const endMs = Date.now();
  const course = (value: (minute: number) => number): readonly Sample[] =>
    Array.from({ length: Math.floor(minutes / everyMinutes) }, (_, i) => {
      const minute = (i + 1) * everyMinutes;
      return { timestampMs: endMs - minutes * MINUTE_MS + minute * MINUTE_MS, value: value(minute) };
    });
  const one = (
    kind: "counter" | "gauge",
    metric: string,
    labels: Labels,
    value: (minute: number) => number,
  ): Series => ({ name: metric, kind, help: "", labels: { ...identity, ...labels }, samples: course(value) });
  const onData = { mountpoint: "/data", device: "/dev/vdb" };
  return [
    one("counter", "node_cpu_seconds_total", { cpu: "0", mode: "user" }, (minute) => minute * 60 * cpu),
    one("counter", "node_cpu_seconds_total", { cpu: "0", mode: "idle" }, (minute) => minute * 60 * (1 - cpu)),
    one("gauge", "node_memory_MemTotal_bytes", {}, () => 8 * 2 ** 30),
    one("gauge", "node_memory_MemAvailable_bytes", {}, () => (1 - memory) * 8 * 2 ** 30),
    one("gauge", "node_filesystem_size_bytes", onData, () => 100 * 2 ** 30),
    one("gauge", "node_filesystem_avail_bytes", onData, () => (1 - disk) * 100 * 2 ** 30),
    one("counter", "node_network_receive_bytes_total", { device: "eth0" }, (minute) => minute * 60 * 4096),
  ];
}

export async function pushFleet(url: string, series: readonly Series[]): Promise<void> {
  const response = await push(`${url}/api/v1/write`, pushBody(...series));
  if (response.status !== 204) throw new Error(`${response.status} ${await response.text()}`);
}
