import { afterEach, expect } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf, hasCommand, testIf } from "../support/host.ts";
import { fleetSeries, pushFleet } from "../support/page-fleet.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { gauge } from "../support/push.ts";
import { makeVictoriaMetrics } from "../support/receivers.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const MACHINE = { ip: "10.1.0.1", name: "shop-1", business: "shop", cpu: 0.25, memory: 0.5, disk: 0.95 };

/** A collector that keeps nothing itself. */
async function start(sink: string, from: string): Promise<string> {
  const argv = programArgv("plimsoll-collector", "serve", "--listen", "127.0.0.1:0", "--data", "none");
  const program = startProgram(cleanup, [
    ...argv,
    "--trust",
    "any",
    "--forward",
    sink,
    "--history-from",
    from,
  ]);
  const { addresses } = JSON.parse(await program.waitForLine(/"msg":"ready"/));
  return `http://${addresses[0]}`;
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests assert
async function getJson(url: string): Promise<any> {
  return (await fetch(url)).json();
}

describeIf(hasCommand("prometheus"))("history that a Prometheus keeps", () => {
  testIf()("series as they came, and in windows; nobody there is said", async () => {
    const prometheus = await startPrometheus(cleanup);
    const url = await start(`remote-write+${prometheus.url}/api/v1/write`, `prometheus+${prometheus.url}`);
    await pushFleet(url, fleetSeries(MACHINE, 50));
    const machine = `${url}/api/v1/machines/${MACHINE.ip}`;
    const total = await waitFor("all samples", async () => {
      const { series } = await getJson(`${machine}/series?name=node_memory_MemTotal_bytes`);
      return series[0]?.points.length === 50 && series;
    });
    expect(total).toMatchObject([{ labels: { business: "shop" } }]);
    const rate = await getJson(`${machine}/series?name=node_cpu_seconds_total&mode=user&from=40m&step=10m`);
    expect(rate.series).toMatchObject([{ kind: "counter", labels: { mode: "user", cpu: "0" } }]);
    const rates = rate.series[0].perSecond.slice(0, -1).map(([, value]: [number, number]) => value);
    for (const value of rates) expect(value).toBeCloseTo(MACHINE.cpu, 2);
    const memory = await getJson(`${machine}/compare?metric=memory&from=30m&step=5m&with=1h`);
    expect(memory.now.mean).toBeCloseTo(MACHINE.memory, 5);
    expect(memory.before).toMatchObject({ mean: null, points: [] });

    await prometheus.program.stop();
    const answer = await fetch(`${machine}/series?name=node_memory_MemTotal_bytes`);
    expect([answer.status, await answer.text()]).toEqual([
      502,
      expect.stringMatching(/^history of prometheus\+http:\/\/127.0.0.1:\d+: /),
    ]);
  });
});

describeIf(hasCommand("victoria-metrics"))("history that a VictoriaMetrics keeps", () => {
  testIf()(
    "this week over last week across a rebuild, and capacity, with nothing on the collector's disk",
    async () => {
      const server = await makeVictoriaMetrics(cleanup);
      await server.start();
      const url = await start(`remote-write+${server.url}/api/v1/write`, `prometheus+${server.url}`);
      const about = (container: string) =>
        gauge("plimsoll_machine_info", { instance: MACHINE.ip, container, host: "node-1", business: "shop" });
      const week = 7 * 24 * 60;
      await pushFleet(url, [about("aaaa"), ...fleetSeries(MACHINE, 2 * week, 5)]);
      await pushFleet(url, [about("bbbb")]);
      const machine = `${url}/api/v1/machines/${MACHINE.ip}`;
      const compared = (metric: string) =>
        getJson(`${machine}/compare?metric=${metric}&from=7d&step=30m&with=7d`);
      await waitFor("two weeks", async () => (await compared("network")).before.points.length > 330, 60_000);
      for (const [metric, mean] of [
        ["cpu", MACHINE.cpu],
        ["memory", MACHINE.memory],
        ["disk", MACHINE.disk],
        ["network", 4096],
      ] as const) {
        const { now, before, change, generations } = await compared(metric);
        expect(now.mean / mean).toBeCloseTo(1, 2);
        expect(before.mean / mean).toBeCloseTo(1, 2);
        expect(change).toBeCloseTo(0, 2);
        expect(generations).toHaveLength(2);
      }
      const capacity = await waitFor("its week", async () => {
        const found = await getJson(`${url}/api/v1/capacity`);
        return found.all?.resources.length === 3 && found;
      });
      expect(capacity.groups).toMatchObject([
        {
          ...{ name: "shop", machines: 1 },
          resources: [
            { resource: "cpu", limit: 1, isWasteful: true, short: 0 },
            { resource: "memory", limit: 8 * 2 ** 30, used: { p95: 4 * 2 ** 30 }, isWasteful: true },
            { resource: "disk", shortages: [{ ip: MACHINE.ip, why: "95 % full" }], isWasteful: false },
          ],
        },
      ]);
      const page = await (await fetch(`${url}/metrics`)).text();
      expect(page).toContain('plimsoll_capacity_disk_short_machines{by="business",group="shop"} 1\n');
      expect(page).toContain('plimsoll_capacity_memory_wasteful{by="host",group="node-1"} 1\n');
    },
  );
});
