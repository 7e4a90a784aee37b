import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf, hasCommand, isRoot, testIf } from "../support/host.ts";
import {
  makeCarbon,
  makeInfluxdb,
  makePrometheus,
  makeVictoriaMetrics,
  type Point,
  type Receiver,
} from "../support/receivers.ts";
import { type RemoteWriteReceiver, startReceiver } from "../support/remote-write-receiver.ts";
import { makeFalconTransfer, makeOtlpReceiver } from "../support/rule-receivers.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { makeTcpProxy } from "../support/tcp-proxy.ts";
import { waitFor } from "../support/wait-for.ts";
import { makeZabbix } from "../support/zabbix.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const TIMEOUT_MS = 120_000;

/** What a minute is at the default interval. */
const OUTAGE_INTERVALS = 6;

/**
 * Pushes to `urls` while the receiver is there, away for a minute's samples and there again, and to a
 * receiver of our own that is always there. Returns what that one has got: everything.
 */
async function pushThroughOutage(
  receiver: Receiver,
  urls: readonly string[],
  interval: string,
): Promise<RemoteWriteReceiver> {
  await receiver.start();
  const reference = await startReceiver(cleanup);
  const pushes = [reference.url, ...urls].flatMap((url) => ["--push", url]);
  const spool = join(cleanup.temporaryFolder(), "spool");
  const flags = ["run", "--ip", "10.0.0.7", "--interval", interval, "--spool", spool];
  const agent = startProgram(cleanup, programArgv("plimsoll-agent", ...flags, ...pushes));
  await waitFor("samples", () => reference.requests.length >= 4);
  await receiver.stop();
  await agent.waitForLine(/push failed/);
  const before = reference.requests.length;
  await waitFor("an outage", () => reference.requests.length - before >= OUTAGE_INTERVALS, 60_000);
  await receiver.start();
  await allWorkAgain(agent, urls.length);
  await allHaveDrained(reference);
  // By its own signal where a mount of the machine hangs and holds a thread.
  expect([0, "SIGTERM"]).toContain(await agent.stop());
  expect(agent.lines.at(-1)).toContain(`"undelivered":[${[0, ...urls.map(() => 0)]}]`);
  return reference;
}

async function allWorkAgain(agent: RunningProgram, count: number): Promise<void> {
  const isBack = (line: string): boolean => line.includes("push works again");
  await waitFor("every push to work again", () => agent.lines.filter(isBack).length >= count, 60_000);
}

/** As the agent says of itself: what is sampled now is all that waits. */
async function allHaveDrained(reference: RemoteWriteReceiver): Promise<void> {
  const lengths = (): readonly number[] => {
    const last = reference.requests.at(-1)?.series ?? [];
    return last
      .filter(({ name }) => name === "plimsoll_agent_queue_length")
      .flatMap(({ samples }) => samples.map(({ value }) => value));
  };
  await waitFor("the backlog to drain", () => lengths().length > 1 && Math.max(...lengths()) <= 1, 30_000);
}

/** What our own receiver has of a series, without its end. */
function pointsOf(
  reference: RemoteWriteReceiver,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Point[] {
  const times = reference.times(name, labels);
  return reference
    .values(name, labels)
    .map((value, i): Point => [times[i] ?? 0, value])
    .filter(([, value]) => !Number.isNaN(value));
}

/** Servers show what they have taken some moments later. */
async function expectPoints(ask: () => Promise<readonly Point[]>, expected: readonly Point[]): Promise<void> {
  await waitFor(
    "all samples to be seen",
    async () => (await ask().catch(() => [])).length >= expected.length,
  ).catch(() => {});
  expect(await ask()).toEqual(expected);
}

const LOAD = 'node_load1{instance="10.0.0.7"}';
const RECEIVED = 'node_network_receive_bytes_total{instance="10.0.0.7",device="lo"}';
const LOOPBACK = { device: "lo" };

describeIf(hasCommand("prometheus"))("Prometheus", () => {
  for (const [how, window] of [
    ["without", undefined],
    ["with", "10m"],
  ] as const) {
    test(
      `${how} a window for samples out of order: every sample, in order, once, through a restart`,
      async () => {
        const prometheus = await makePrometheus(cleanup, window);
        const reference = await pushThroughOutage(
          prometheus,
          [`remote-write+${prometheus.url}/api/v1/write`],
          "500ms",
        );

        expect(pointsOf(reference, "node_load1").length).toBeGreaterThan(8);
        expect(await prometheus.points(LOAD)).toEqual(pointsOf(reference, "node_load1"));
        expect(await prometheus.points(RECEIVED)).toEqual(
          pointsOf(reference, "node_network_receive_bytes_total", LOOPBACK),
        );
      },
      TIMEOUT_MS,
    );
  }

  test(
    "that knows 1.0 only is not believed when it says 204 to 2.0",
    async () => {
      const prometheus = await makePrometheus(cleanup);
      const reference = await pushThroughOutage(
        prometheus,
        [`remote-write-v2+${prometheus.url}/api/v1/write`],
        "500ms",
      );

      expect(await prometheus.points(LOAD)).toEqual(pointsOf(reference, "node_load1"));
    },
    TIMEOUT_MS,
  );
});

testIf(hasCommand("victoria-metrics"))(
  "VictoriaMetrics by remote write, Influx lines and Graphite at once: every sample, once",
  async () => {
    const victoria = await makeVictoriaMetrics(cleanup);
    const urls = [
      `remote-write+${victoria.url}/api/v1/write`,
      `influx+${victoria.url}/write?db=plimsoll`,
      `graphite+tcp://127.0.0.1:${victoria.graphitePort}/path`,
    ];
    const reference = await pushThroughOutage(victoria, urls, "1s");
    const points = pointsOf(reference, "node_load1");
    const inSeconds = points.map(([ms, value]): Point => [Math.floor(ms / 1000) * 1000, value]);

    expect(points.length).toBeGreaterThan(5);
    await expectPoints(() => victoria.points(LOAD), points);
    await expectPoints(
      () => victoria.points(RECEIVED),
      pointsOf(reference, "node_network_receive_bytes_total", LOOPBACK),
    );
    await expectPoints(() => victoria.points('node_load1_value{instance="10.0.0.7"}'), points);
    await expectPoints(() => victoria.points('{__name__="path.10_0_0_7.node_load1"}'), inSeconds);
  },
  TIMEOUT_MS,
);

testIf(hasCommand("influxd"))(
  "InfluxDB: every sample, in order, once",
  async () => {
    const influxdb = await makeInfluxdb(cleanup);
    const reference = await pushThroughOutage(
      influxdb,
      [`influx+${influxdb.url}/write?db=plimsoll`],
      "500ms",
    );

    expect(await influxdb.points("node_load1")).toEqual(pointsOf(reference, "node_load1"));
  },
  TIMEOUT_MS,
);

testIf(hasCommand("carbon-cache"), hasCommand("whisper-fetch"))(
  "carbon: every sample, in order",
  async () => {
    const carbon = await makeCarbon(cleanup);
    await carbon.start();
    // The wire is cut, not carbon stopped: it forgets what it had in memory.
    const wire = await makeTcpProxy(cleanup, carbon.port);
    const reference = await pushThroughOutage(wire, [`graphite+tcp://127.0.0.1:${wire.port}/team`], "1s");
    // It keeps a point per second, the last one: the last sample comes with the signal.
    const bySecond = new Map(
      pointsOf(reference, "node_load1").map(([ms, value]) => [Math.floor(ms / 1000) * 1000, value]),
    );

    await expectPoints(() => carbon.points("team.10_0_0_7.node_load1"), [...bySecond]);
  },
  TIMEOUT_MS,
);

testIf(isRoot, hasCommand("zabbix_server"), hasCommand("psql"))(
  "a Zabbix server: every value at its own time, once; items it does not know are counted, not fatal",
  async () => {
    const zabbix = await makeZabbix(cleanup);
    const reference = await pushThroughOutage(zabbix, [`zabbix+tcp://127.0.0.1:${zabbix.port}`], "1s");
    const sink = `zabbix+tcp://127.0.0.1:${zabbix.port}`;
    const rejected = reference.values("plimsoll_agent_samples_dropped_total", { sink, reason: "refused" });

    await expectPoints(() => zabbix.points("system.cpu.load[all,avg1]"), pointsOf(reference, "node_load1"));
    await expectPoints(
      () => zabbix.points("net.if.in[lo,bytes]"),
      pointsOf(reference, "node_network_receive_bytes_total", LOOPBACK),
    );
    expect(await zabbix.points("agent.ping")).toHaveLength(pointsOf(reference, "node_load1").length);
    expect(Math.max(...rejected.filter((value) => value > 0))).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test(
  "OTLP, by a decoder that is not ours: every rule kept, every sample, in order, once",
  async () => {
    const receiver = await makeOtlpReceiver(cleanup);
    const reference = await pushThroughOutage(receiver, [`otlp+http://127.0.0.1:${receiver.port}`], "500ms");

    expect(receiver.breaches).toEqual([]);
    expect(receiver.points("node_load1")).toEqual(pointsOf(reference, "node_load1"));
  },
  TIMEOUT_MS,
);

test(
  "Open-Falcon's transfer: nothing invalid, every sample, in order, once",
  async () => {
    const transfer = await makeFalconTransfer(cleanup);
    const reference = await pushThroughOutage(transfer, [`falcon+http://127.0.0.1:${transfer.port}`], "1s");
    const points = pointsOf(reference, "node_load1");

    expect(transfer.breaches).toEqual([]);
    expect(transfer.points("load.1min")).toEqual(
      points.map(([ms, value]) => [Math.floor(ms / 1000) * 1000, value]),
    );
    expect(transfer.points("agent.alive")).toHaveLength(points.length);
    expect(transfer.points("cpu.idle")).toHaveLength(points.length - 1);
  },
  TIMEOUT_MS,
);
