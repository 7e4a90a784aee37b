import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { canMakeCgroups, canUnshare, describeIf, hasCommand, hasFuse, isRoot } from "../support/host.ts";
import { type Prometheus, startPrometheus } from "../support/prometheus.ts";
import { hostOutput, type SampleContainer, startSample } from "../support/up.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const conditions = [isRoot, hasFuse, canMakeCgroups, canUnshare, hasCommand("ip"), hasCommand("prometheus")];

describeIf(...conditions)("from an agent inside the sample container into a real Prometheus", () => {
  let prometheus: Prometheus;
  let sample: SampleContainer;
  beforeAll(async () => {
    prometheus = await startPrometheus(cleanup);
    sample = await startSample(cleanup, "--forward", `remote-write+${prometheus.url}/api/v1/write`);
  });

  /** The one value of a series, by the container's IP. */
  async function sampleOf(name: string, labels = ""): Promise<number> {
    const expression = `${name}{instance="${sample.ip}"${labels}}`;
    const [result] = await waitFor(expression, async () => {
      const results = await prometheus.query(expression);
      return results.length > 0 ? results : undefined;
    });
    return Number(result?.value);
  }

  test("the container's memory is there under its IP, and it is the cgroup's, not the host's", async () => {
    expect(await sampleOf("node_memory_MemTotal_bytes")).toBe(512 * 2 ** 20);
    expect(await sampleOf("node_memory_MemAvailable_bytes")).toBeLessThan(512 * 2 ** 20);
  });

  test("its uptime, load, CPU, network, disk space are there, as node_exporter names them", async () => {
    const uptime = (await sampleOf("node_time_seconds")) - (await sampleOf("node_boot_time_seconds"));
    const hostUptime = Number((await hostOutput("cat", "/proc/uptime")).split(" ")[0]);

    expect(uptime).toBeGreaterThan(0);
    expect(uptime).toBeLessThan(Math.min(120, hostUptime));
    expect(await sampleOf("node_load1")).toBeGreaterThanOrEqual(0);
    expect(await sampleOf("node_network_receive_bytes_total", ',device="eth0"')).toBeGreaterThan(0);
    expect(await sampleOf("node_filesystem_size_bytes", ',mountpoint="/"')).toBeGreaterThan(0);
    const cpus = await prometheus.query(`count by (cpu) (node_cpu_seconds_total{instance="${sample.ip}"})`);
    expect(cpus.map(({ metric }) => metric.cpu)).toEqual([sample.control("cpuset", "cpuset.cpus")]);
  });

  test("an alert rule written for node_exporter works on it: memory in use, in percent", async () => {
    const used = `100 * (1 - node_memory_MemAvailable_bytes{instance="${sample.ip}"} / node_memory_MemTotal_bytes)`;
    const [result] = await prometheus.query(used);

    expect(Number(result?.value)).toBeGreaterThan(0);
    expect(Number(result?.value)).toBeLessThan(50);
  });
});
