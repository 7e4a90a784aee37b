import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { type RunningProgram, startProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

export interface Prometheus {
  readonly url: string;
  readonly program: RunningProgram;
  /** The result of an instant query, as `{label="…"} value` pairs. */
  query(expression: string): Promise<readonly QueryResult[]>;
}

export interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: string;
}

/** Debian's Prometheus, taking remote write; ready to be asked. `port` where one has been promised to somebody. */
export async function startPrometheus(cleanup: Cleanup, port?: number): Promise<Prometheus> {
  const folder = cleanup.temporaryFolder();
  return start(cleanup, folder, "global: {}\n", port ?? (await freePort()), [
    "--web.enable-remote-write-receiver",
    `--storage.tsdb.path=${join(folder, "data")}`,
  ]);
}

/** Prometheus as a sender: scrapes itself every second as `instance` and writes that to `remoteWriteUrl`. */
export async function startPrometheusAgent(
  cleanup: Cleanup,
  remoteWriteUrl: string,
  instance: string,
): Promise<Prometheus> {
  const folder = cleanup.temporaryFolder();
  const port = await freePort();
  const config = {
    global: { scrape_interval: "1s" },
    scrape_configs: [
      { job_name: "self", static_configs: [{ targets: [`127.0.0.1:${port}`], labels: { instance } }] },
    ],
    remote_write: [{ url: remoteWriteUrl, metadata_config: { send_interval: "1s" } }],
  };
  return start(cleanup, folder, JSON.stringify(config), port, [
    "--enable-feature=agent",
    `--storage.agent.path=${join(folder, "data")}`,
  ]);
}

async function start(
  cleanup: Cleanup,
  folder: string,
  config: string,
  port: number,
  flags: readonly string[],
): Promise<Prometheus> {
  mkdirSync(join(folder, "data"));
  const configFile = join(folder, "prometheus.yml");
  writeFileSync(configFile, config);
  const program = startProgram(cleanup, [
    "prometheus",
    `--config.file=${configFile}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...flags,
  ]);
  const url = `http://127.0.0.1:${port}`;
  await waitFor(
    `${url}/-/ready`,
    () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    60_000,
  );
  return { url, program, query: (expression) => query(url, expression) };
}

async function query(url: string, expression: string): Promise<readonly QueryResult[]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await response.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return data.result.map(({ metric, value }) => ({ metric, value: value[1] }));
}
