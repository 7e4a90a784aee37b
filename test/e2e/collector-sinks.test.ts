import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import { connectNats } from "../../collector/nats-client.ts";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { hasCommand, isRoot, testIf } from "../support/host.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { gauge, push, pushBody } from "../support/push.ts";
import {
  canConnect,
  makeInfluxdb,
  makePrometheus,
  makeVictoriaMetrics,
  type Receiver,
  restartable,
} from "../support/receivers.ts";
import { makeFalconTransfer, makeOtlpReceiver } from "../support/rule-receivers.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PUSHES = 40;

interface Collector {
  readonly url: string;
  readonly program: RunningProgram;
}

async function startCollector(...forwards: readonly string[]): Promise<Collector> {
  return startCollectorIn(cleanup.temporaryFolder(), ...forwards);
}

async function startCollectorIn(data: string, ...forwards: readonly string[]): Promise<Collector> {
  const flags = ["serve", "--listen", "127.0.0.1:0", "--trust", "any", "--data", data];
  const to = forwards.flatMap((url) => ["--forward", url]);
  const program = startProgram(cleanup, programArgv("plimsoll-collector", ...flags, ...to));
  const { addresses } = JSON.parse(await program.waitForLine(/"msg":"ready"/));
  return { url: `http://${addresses[0]}`, program };
}

/** Pushes of ten machines; the receiver is away for those in the middle. Returns the values in order. */
async function pushThroughOutage(
  { url, program }: Collector,
  receiver: Receiver,
): Promise<readonly number[]> {
  const startMs = Date.now() - PUSHES * 1000;
  for (let i = 0; i < PUSHES; i++) {
    if (i === PUSHES / 4) await receiver.stop();
    if (i === PUSHES / 2) {
      await program.waitForLine(/sink does not take samples/);
      await receiver.start();
    }
    const instance = `10.0.0.${i % 10}`;
    const body = pushBody(gauge("node_load1", { instance, ip: instance }, i + 0.5, startMs + i * 1000));
    expect((await push(`${url}/api/v1/write`, body)).status).toBe(204);
  }
  return Array.from({ length: PUSHES }, (_, i) => i + 0.5);
}

async function expectArrived(
  receiver: { points(name: string): unknown },
  name: string,
  values: readonly number[],
): Promise<void> {
  const arrived = async (): Promise<readonly number[]> => {
    const points = (await receiver.points(name)) as readonly (readonly [number, number])[];
    return [...new Set(points.map(([, value]) => value))].sort((a, b) => a - b);
  };
  await waitFor("every value", async () => (await arrived()).length >= values.length, 60_000);
  expect(await arrived()).toEqual(values);
}

testIf(hasCommand("influxd"))("Influx lines into a real InfluxDB that is away for a while", async () => {
  const influxdb = await makeInfluxdb(cleanup);
  await influxdb.start();
  const collector = await startCollector(`influx+${influxdb.url}/write?db=plimsoll`);
  await expectArrived(influxdb, "node_load1", await pushThroughOutage(collector, influxdb));
  expect(await collector.program.stop()).toBe(0);
});

testIf(hasCommand("victoria-metrics"))(
  "remote write into a real VictoriaMetrics that is away for a while",
  async () => {
    const victoria = await makeVictoriaMetrics(cleanup);
    await victoria.start();
    const collector = await startCollector(`remote-write+${victoria.url}/api/v1/write`);
    await expectArrived(victoria, "node_load1", await pushThroughOutage(collector, victoria));
    expect(await collector.program.stop()).toBe(0);
  },
);

testIf(hasCommand("prometheus"))("remote write 2.0 to a Prometheus that only says it takes it", async () => {
  const prometheus = await startPrometheus(cleanup);
  const collector = await startCollector(`remote-write-v2+${prometheus.url}/api/v1/write`);
  await push(`${collector.url}/api/v1/write`, pushBody(gauge("node_load1", { instance: "10.0.0.7" }, 0.5)));
  await waitFor("the sample", async () => (await prometheus.query("node_load1"))[0]?.value === "0.5");
  expect(await collector.program.stop()).toBe(0);
});

testIf(hasCommand("prometheus"))(
  "one sample that a Prometheus answers 500 to for ever costs no other",
  async () => {
    const prometheus = await makePrometheus(cleanup, "10m");
    await prometheus.start();
    const collector = await startCollector(`remote-write+${prometheus.url}/api/v1/write`);
    const now = Date.now();
    const labels = { instance: "10.0.0.7" };
    const pushes = [
      pushBody(gauge("before", labels, 1, now)),
      pushBody(gauge("too_old", labels, 1, now - 10_800_000), gauge("beside", labels, 1, now)),
      pushBody(gauge("after", labels, 1, now)),
    ];
    await push(`${collector.url}/api/v1/write`, pushes[0] ?? Buffer.of());
    await waitFor("the first", async () => (await prometheus.points("before")).length === 1);
    for (const body of pushes.slice(1)) await push(`${collector.url}/api/v1/write`, body);
    for (const name of ["after", "beside"])
      await waitFor(name, async () => (await prometheus.points(name)).length === 1, 30_000);
    await collector.program.waitForLine(/"reason":"HTTP 500: .*too old sample.*"sink refuses samples"/);
    const page = await (await fetch(`${collector.url}/metrics`)).text();
    expect(page).toMatch(/sink_dropped_samples_total\{reason="refused",[^}]*\} 1\n/);
    expect(await collector.program.stop()).toBe(0);
  },
);

testIf()("OTLP and Open-Falcon, as receivers that check every rule see it", async () => {
  for (const { make, url, name } of [
    { make: makeOtlpReceiver, url: (port: number) => `otlp+http://127.0.0.1:${port}`, name: "node_load1" },
    { make: makeFalconTransfer, url: (port: number) => `falcon+http://127.0.0.1:${port}`, name: "load.1min" },
  ]) {
    const receiver = await make(cleanup);
    await receiver.start();
    const collector = await startCollector(url(receiver.port));
    await expectArrived(receiver, name, await pushThroughOutage(collector, receiver));
    expect(receiver.breaches).toEqual([]);
    expect(await collector.program.stop()).toBe(0);
  }
});

testIf(hasCommand("nats-server"))("JetStream of a real NATS server that is away for a while", async () => {
  const folder = cleanup.temporaryFolder();
  const port = await freePort();
  const argv = [
    "nats-server",
    "--addr",
    "127.0.0.1",
    "--port",
    String(port),
    "--jetstream",
    "--store_dir",
    folder,
  ];
  const server = restartable(cleanup, argv, () => canConnect(port));
  await server.start();
  const url = new URL(`tcp://127.0.0.1:${port}`);
  const ask = async (subject: string, request: object): Promise<Record<string, unknown>> => {
    const client = await connectNats(url);
    const { payload } = await client.request(
      `$JS.API.${subject}`,
      {},
      Buffer.from(JSON.stringify(request)),
      5000,
    );
    client.close();
    return JSON.parse(payload) as Record<string, unknown>;
  };
  await ask("STREAM.CREATE.S", { name: "S", subjects: ["plimsoll.samples"] });

  const collector = await startCollector(`nats+tcp://127.0.0.1:${port}`);
  const values = await pushThroughOutage(collector, server);
  const points = async (): Promise<readonly (readonly [number, number])[]> => {
    const { state } = (await ask("STREAM.INFO.S", {})) as { state?: { last_seq: number } };
    const lines: string[] = [];
    for (let seq = 1; seq <= (state?.last_seq ?? 0); seq++) {
      const { message } = (await ask("STREAM.MSG.GET.S", { seq })) as { message?: { data: string } };
      lines.push(
        ...Buffer.from(message?.data ?? "", "base64")
          .toString()
          .trim()
          .split("\n"),
      );
    }
    return lines.map((line) => JSON.parse(line)).map(({ timestampMs, value }) => [timestampMs, value]);
  };
  await expectArrived({ points }, "node_load1", values);
  expect(await points()).toHaveLength(PUSHES);
  expect(await collector.program.stop()).toBe(0);
});

testIf()("into a file, in the order of a machine's pushes", async () => {
  const folder = join(cleanup.temporaryFolder(), randomUUID());
  mkdirSync(folder);
  const path = join(folder, "samples.ndjson");
  const collector = await startCollector(`ndjson+file://${path}`);
  for (let i = 0; i < 5; i++) {
    const body = pushBody(gauge("node_load1", { instance: "10.0.0.7" }, i, Date.now() + i));
    await push(`${collector.url}/api/v1/write`, body);
  }
  expect(await collector.program.stop()).toBe(0);
  const lines = readFileSync(path, "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).value)).toEqual([0, 1, 2, 3, 4]);
});

testIf(isRoot)(
  "what was refused while the disk was full is handed on when it comes again, in order",
  async () => {
    const data = cleanup.temporaryFolder();
    await exec(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", data]);
    cleanup.add("tmpfs", async () => void (await exec(["umount", data])));
    const path = join(cleanup.temporaryFolder(), "samples.ndjson");
    const collector = await startCollectorIn(data, `ndjson+file://${path}`);
    const ballast = join(data, "ballast");
    let refusals = 0;
    for (let i = 0; i < 30; i++) {
      if (i === 10) await exec(["dd", "if=/dev/zero", `of=${ballast}`, "bs=4k"], { okCodes: [0, 1] });
      // Long names fill what little the files have left.
      const series = Array.from({ length: 40 }, (_, n) =>
        gauge(`a_${n}`, { instance: "10.0.0.7", pad: `${i}`.padEnd(500, "x") }, i, Date.now()),
      );
      const body = pushBody(gauge("sequence", { instance: "10.0.0.7" }, i, Date.now()), ...series);
      for (let status = 0; status !== 204; ) {
        ({ status } = await push(`${collector.url}/api/v1/write`, body));
        expect([204, 503]).toContain(status);
        if (status === 503 && ++refusals === 3) await exec(["rm", "-f", ballast]);
      }
    }
    expect(refusals).toBeGreaterThanOrEqual(3);
    expect([await collector.program.stop(), collector.program.lines.slice(-5)]).toEqual([
      0,
      expect.anything(),
    ]);
    const lines = readFileSync(path, "utf8").trim().split("\n");
    const values = lines.map((line) => JSON.parse(line)).filter(({ name }) => name === "sequence");
    const distinct = [...new Set(values.map(({ value }) => value as number))];
    expect(distinct).toEqual(Array.from({ length: 30 }, (_, i) => i));
  },
);
