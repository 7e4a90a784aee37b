import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { type RunningProgram, startProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

/** A sample as a receiver has stored it. */
export type Point = readonly [timestampMs: number, value: number];

/** Somebody else's server, which can be stopped and started again with its data. */
export interface Receiver {
  start(): Promise<void>;
  stop(): Promise<void>;
}

const READY_MS = 60_000;

/** A server in the foreground; `isReady` is asked until it is. */
export function restartable(
  cleanup: Cleanup,
  argv: readonly string[],
  isReady: () => Promise<boolean>,
  env: Readonly<Record<string, string>> = {},
): Receiver {
  let program: RunningProgram | undefined;
  return {
    start: async () => {
      const started = startProgram(cleanup, argv, { env });
      program = started;
      const ended = started.ended.then((code) => {
        throw new Error(`${argv[0]} ended with ${code}:\n${started.lines.slice(-20).join("\n")}`);
      });
      await Promise.race([
        waitFor(`${argv[0]} to be ready`, () => isReady().catch(() => false), READY_MS),
        ended,
      ]);
      ended.catch(() => {});
    },
    stop: async () => {
      await program?.stop();
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const { ok } = await fetch(url);
  return ok;
}

export interface MetricsServer extends Receiver {
  readonly url: string;
  /** Raw samples of a series, in the order of their times. */
  points(selector: string): Promise<readonly Point[]>;
}

/** Debian's Prometheus as a receiver of remote write, with a window for samples out of order if asked. */
export async function makePrometheus(cleanup: Cleanup, outOfOrder?: string): Promise<MetricsServer> {
  const folder = cleanup.temporaryFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  mkdirSync(join(folder, "data"));
  const storage =
    outOfOrder === undefined ? {} : { storage: { tsdb: { out_of_order_time_window: outOfOrder } } };
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify({ global: {}, ...storage }));
  const argv = [
    "prometheus",
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--web.enable-remote-write-receiver",
  ];
  return {
    url,
    ...restartable(cleanup, argv, () => answers(`${url}/-/ready`)),
    points: async (selector) => {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(`${selector}[1h]`)}`);
      const { data } = (await response.json()) as { data: { result: { values: [number, string][] }[] } };
      const values = data.result.flatMap((series) => series.values);
      return values.map(([seconds, value]) => [Math.round(seconds * 1000), Number(value)]);
    },
  };
}

export interface VictoriaMetrics extends MetricsServer {
  readonly graphitePort: number;
}

/** Debian's VictoriaMetrics: remote write, Influx lines, Graphite. */
export async function makeVictoriaMetrics(
  cleanup: Cleanup,
  ...flags: readonly string[]
): Promise<VictoriaMetrics> {
  const folder = cleanup.temporaryFolder();
  const [port, graphitePort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const argv = [
    "victoria-metrics",
    `-storageDataPath=${folder}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    `-graphiteListenAddr=127.0.0.1:${graphitePort}`,
    "-memory.allowedPercent=5",
    "-retentionPeriod=1y",
    ...flags,
  ];
  return {
    url,
    graphitePort,
    ...restartable(cleanup, argv, () => answers(`${url}/health`)),
    points: async (selector) => {
      await fetch(`${url}/internal/force_flush`);
      const response = await fetch(`${url}/api/v1/export?match[]=${encodeURIComponent(selector)}`);
      const lines = (await response.text()).split("\n").filter((line) => line !== "");
      return lines
        .map((line) => JSON.parse(line) as { values: (number | null)[]; timestamps: number[] })
        .flatMap(({ values, timestamps }) =>
          values.map((value, i): Point => [timestamps[i] ?? 0, value ?? Number.NaN]),
        )
        .filter(([, value]) => !Number.isNaN(value)) // The end of a series.
        .sort(([a], [b]) => a - b);
    },
  };
}

/** Debian's InfluxDB 1.6 with an empty database `plimsoll`. */
export async function makeInfluxdb(cleanup: Cleanup): Promise<MetricsServer> {
  const folder = cleanup.temporaryFolder();
  const [port, rpcPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const config = join(folder, "influxdb.conf");
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
[http]
  bind-address = "127.0.0.1:${port}"
[monitor]
  store-enabled = false
`,
  );
  const query = async (text: string): Promise<unknown> => {
    const parameters = `db=plimsoll&epoch=ms&q=${encodeURIComponent(text)}`;
    return (await fetch(`${url}/query?${parameters}`, { method: "POST" })).json();
  };
  const server = restartable(cleanup, ["influxd", "-config", config], () => answers(`${url}/ping`));
  return {
    url,
    stop: server.stop,
    start: async () => {
      await server.start();
      await query("CREATE DATABASE plimsoll");
    },
    points: async (measurement) => {
      const { results } = (await query(`SELECT value FROM ${measurement}`)) as {
        results: { series?: { values: [number, number][] }[] }[];
      };
      return results.flatMap(({ series = [] }) => series.flatMap(({ values }) => values));
    },
  };
}

export interface Carbon extends Receiver {
  readonly port: number;
  points(path: string): Promise<readonly Point[]>;
}

/** Debian's carbon-cache, which keeps a point per second. */
export async function makeCarbon(cleanup: Cleanup): Promise<Carbon> {
  const folder = cleanup.temporaryFolder();
  const [port, picklePort, queryPort] = [await freePort(), await freePort(), await freePort()];
  mkdirSync(join(folder, "conf"));
  const config = join(folder, "conf", "carbon.conf");
  writeFileSync(
    config,
    `[cache]
STORAGE_DIR = ${folder}
LOCAL_DATA_DIR = ${folder}/whisper
CONF_DIR = ${folder}/conf
LOG_DIR = ${folder}
PID_DIR = ${folder}
USER =
ENABLE_TAGS = False
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = ${port}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = ${picklePort}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = ${queryPort}
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND = inf
`,
  );
  writeFileSync(join(folder, "conf", "storage-schemas.conf"), "[all]\npattern = .*\nretentions = 1s:1h\n");
  const argv = ["carbon-cache", `--config=${config}`, "--nodaemon", "start"];
  const server = restartable(cleanup, argv, () => canConnect(port), { GRAPHITE_ROOT: folder });
  return {
    port,
    ...server,
    points: async (path) => {
      const file = join(folder, "whisper", `${path.replaceAll(".", "/")}.wsp`);
      const { stdout } = await exec(["whisper-fetch", "--from=0", file]);
      return stdout
        .split("\n")
        .map((line) => line.split(/\s+/))
        .filter(([, value]) => value !== undefined && value !== "None" && value !== "")
        .map(([seconds, value]) => [Number(seconds) * 1000, Number(value)]);
    },
  };
}

/** Whether somebody listens on loopback. */
export function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
