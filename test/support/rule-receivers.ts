import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { type OtlpMetric, type OtlpRequest, otlpRequest, otlpResponse } from "./proto.ts";
import type { Point, Receiver } from "./receivers.ts";

/** A receiver of our own, for protocols that no server here speaks: it answers as the protocol says and notes each breach of its rules. */
export interface RuleReceiver extends Receiver {
  readonly port: number;
  readonly breaches: readonly string[];
  points(metric: string): readonly Point[];
}

type Handle = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void;

async function makeHttpServer(
  cleanup: Cleanup,
  handle: Handle,
): Promise<Receiver & { readonly port: number }> {
  const port = await freePort();
  let server: Server | undefined;
  const stop = async (): Promise<void> => {
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    server = undefined;
  };
  cleanup.add("rule receiver", stop);
  return {
    port,
    stop,
    start: () =>
      new Promise((resolve) => {
        server = createServer((request, response) => {
          const chunks: Buffer[] = [];
          request.on("data", (chunk: Buffer) => chunks.push(chunk));
          request.on("end", () => {
            if (request.method === "POST") handle(request, Buffer.concat(chunks), response);
            else response.writeHead(405).end();
          });
        }).listen(port, "127.0.0.1", () => resolve());
      }),
  };
}

/** An OTLP receiver (specification: "OTLP/HTTP Request"; metrics.proto). */
export async function makeOtlpReceiver(cleanup: Cleanup): Promise<RuleReceiver> {
  const breaches: string[] = [];
  const requests: OtlpRequest[] = [];
  const check = (rule: string, isKept: boolean): void => {
    if (!isKept) breaches.push(rule);
  };
  const server = await makeHttpServer(cleanup, ({ headers, url }, raw, response) => {
    check("POST to /v1/metrics", url === "/v1/metrics");
    check("content type", headers["content-type"] === "application/x-protobuf");
    const encoding = headers["content-encoding"];
    check("content encoding", encoding === undefined || encoding === "gzip");
    const request = otlpRequest.decode(encoding === "gzip" ? gunzipSync(raw) : raw);
    requests.push(request);
    for (const metric of metricsOf(request)) checkMetric(metric, check);
    for (const { resource } of request.resourceMetrics) {
      const keys = resource.attributes.map(({ key }) => key);
      check("resource attributes are unique", new Set(keys).size === keys.length);
      check("service.instance.id", keys.includes("service.instance.id") && keys.includes("service.name"));
    }
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end(otlpResponse.encode({}));
  });
  return {
    ...server,
    breaches,
    points: (name) =>
      requests
        .flatMap(metricsOf)
        .filter((metric) => metric.name === name)
        .flatMap((metric) => (metric.gauge ?? metric.sum)?.dataPoints ?? [])
        .filter(({ asDouble }) => asDouble !== undefined)
        .map(({ timeUnixNano, asDouble }) => [Number(BigInt(timeUnixNano) / 1_000_000n), asDouble ?? 0]),
  };
}

function metricsOf({ resourceMetrics }: OtlpRequest): readonly OtlpMetric[] {
  return resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
}

function checkMetric({ name, gauge, sum }: OtlpMetric, check: (rule: string, isKept: boolean) => void): void {
  check("a metric has a name", name !== "" && name !== undefined);
  check(`${name} is a gauge or a sum`, (gauge === undefined) !== (sum === undefined));
  if (sum !== undefined) check(`${name} is cumulative`, sum.aggregationTemporality === 2 && sum.isMonotonic);
  const points = (gauge ?? sum)?.dataPoints ?? [];
  check(`${name} has points`, points.length > 0);
  for (const { attributes, timeUnixNano, asDouble, flags = 0 } of points) {
    check(`${name} has a time`, BigInt(timeUnixNano) > 0n);
    check(`${name} has a value unless it has ended`, (asDouble !== undefined) !== (flags === 1));
    const keys = attributes.map(({ key }) => key);
    check(`attributes of ${name} are unique`, new Set(keys).size === keys.length && !keys.includes(""));
  }
}

interface MetricValue {
  readonly endpoint: string;
  readonly metric: string;
  readonly value: number;
  readonly step: number;
  readonly counterType: string;
  readonly tags: string;
  readonly timestamp: number;
}

/** Open-Falcon's transfer (falcon-plus, modules/transfer/receiver/rpc): what it would count as Invalid is a breach. */
export async function makeFalconTransfer(cleanup: Cleanup): Promise<RuleReceiver> {
  const breaches: string[] = [];
  const values: MetricValue[] = [];
  const server = await makeHttpServer(cleanup, ({ url }, raw, response) => {
    if (url !== "/api/push") breaches.push(`POST to ${url}`);
    if (raw.length === 0) return void response.writeHead(400).end("body is blank");
    const pushed = JSON.parse(raw.toString()) as MetricValue[];
    const invalid = pushed.filter((value) => problemOf(value) !== undefined);
    breaches.push(...invalid.map((value) => `${problemOf(value)}: ${JSON.stringify(value)}`));
    values.push(...pushed);
    const data = { Message: "ok", Total: pushed.length, Invalid: invalid.length, Latency: 0 };
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ msg: "success", data }));
  });
  return {
    ...server,
    breaches,
    points: (metric) =>
      values
        .filter((value) => value.metric === metric)
        .map(({ timestamp, value }) => [timestamp * 1000, value]),
  };
}

function problemOf(value: MetricValue): string | undefined {
  const { endpoint, metric, step, counterType, tags, timestamp } = value;
  const rules: readonly (readonly [string, boolean])[] = [
    ["endpoint or metric is empty", endpoint !== "" && metric !== ""],
    ["kernel.hostname", metric !== "kernel.hostname"],
    ["counterType", ["GAUGE", "COUNTER", "DERIVE"].includes(counterType)],
    ["value is no number", Number.isFinite(value.value)],
    ["step", Number.isInteger(step) && step > 0],
    ["too long", metric.length + tags.length <= 510],
    ["tags", tags === "" || tags.split(",").every((tag) => /^[^=\s]+=[^=\s]*$/.test(tag))],
    ["timestamp", Number.isInteger(timestamp) && timestamp > 0 && timestamp <= (2 * Date.now()) / 1000],
  ];
  return rules.find(([, isKept]) => !isKept)?.[0];
}
