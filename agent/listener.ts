import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { renderExposition, TEXT_CONTENT_TYPE } from "../core/metrics/exposition.ts";
import type { Series } from "../core/metrics/series.ts";
import { PlimsollError, UsageError } from "../core/runtime/errors.ts";
import type { Given } from "../core/runtime/options.ts";
import { OPEN_METRICS_CONTENT_TYPE, renderOpenMetrics } from "./openmetrics.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What can be asked. */
export interface Reported {
  /** The latest sample of every source. */
  page(): readonly Series[];
  /** Why not, or undefined. */
  notAlive(): string | undefined;
  notReady(): string | undefined;
}

export interface Listener {
  close(): void;
}

/** Who asks is a scraper or two and a health check. */
const MAX_CONNECTIONS = 16;
const REQUEST_MS = 5000;

const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:]*)):(\d{1,5})$/;

/** `127.0.0.1:9466`, `[::1]:9466`, or `:9466` for every address. */
export function parseListen({ option, value }: Given): ListenAddress {
  const [, bracketed, plain = "", port = ""] = ADDRESS.exec(value) ?? [];
  if (port !== "" && Number(port) <= 65_535) return { host: bracketed ?? plain, port: Number(port) };
  throw new UsageError(`${option}: ${JSON.stringify(value)} is not an address to listen on`, {
    hint: "write 127.0.0.1:9466, [::1]:9466 or :9466",
  });
}

/** Serves `/metrics`, `/healthz` and `/readyz`. Throws PlimsollError `LISTEN` where it cannot listen. */
export async function openListener({ host, port }: ListenAddress, reported: Reported): Promise<Listener> {
  const { createServer } = await import("node:http");
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    (request, response) => answer(request, response, reported),
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listening(server, host, port);
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new PlimsollError("LISTEN", `listen on ${host}:${port}`, { cause })),
    );
    server.listen(port, ...(host === "" ? [] : [host]), resolve);
  });
}

function answer(request: IncomingMessage, response: ServerResponse, reported: Reported): void {
  request.resume();
  const path = request.url?.split("?")[0];
  if (request.method !== "GET" && request.method !== "HEAD") sendText(response, 405, "GET only");
  else if (path === "/metrics") sendPage(request, response, reported.page());
  else if (path === "/healthz") sendHealth(response, reported.notAlive());
  else if (path === "/readyz") sendHealth(response, reported.notReady());
  else sendText(response, 404, "/metrics, /healthz or /readyz");
}

function sendPage({ headers }: IncomingMessage, response: ServerResponse, series: readonly Series[]): void {
  const isOpenMetrics = (headers.accept ?? "").includes("application/openmetrics-text");
  const text = isOpenMetrics ? renderOpenMetrics(series) : renderExposition(series);
  const isZipped = /\bgzip\b/.test(String(headers["accept-encoding"] ?? ""));
  response.writeHead(200, {
    "content-type": isOpenMetrics ? OPEN_METRICS_CONTENT_TYPE : TEXT_CONTENT_TYPE,
    ...(isZipped ? { "content-encoding": "gzip" } : {}),
  });
  response.end(isZipped ? gzipSync(text, { level: 1 }) : text);
}

function sendHealth(response: ServerResponse, problem: string | undefined): void {
  sendText(response, problem === undefined ? 200 : 503, problem ?? "ok");
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
