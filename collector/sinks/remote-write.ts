import type { Pool } from "undici";
import type { Delivery } from "../../core/metrics/delivery.ts";
import { judgeResponse } from "../../core/metrics/http-delivery.ts";
import { encodeWriteRequest, REMOTE_WRITE_HEADERS } from "../../core/metrics/remote-write.ts";
import { encodeSnappy } from "../../core/metrics/snappy.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import type { OpenSink, SinkKind } from "./types.ts";

const TIMEOUTS = { connect: { timeout: 10_000 }, headersTimeout: 30_000, bodyTimeout: 30_000 } as const;

/** Prometheus remote write 1.0: Prometheus itself, Mimir, Thanos, VictoriaMetrics … */
export const remoteWrite: SinkKind = {
  scheme: "remote-write",
  transports: ["http", "https"],
  encode: encodeWriteRequest,
  open: openRemoteWrite,
};

async function openRemoteWrite(name: string, url: URL): Promise<OpenSink> {
  // Loaded for those who forward: it costs 19 MB.
  const { Pool: HttpPool } = await import("undici");
  // One connection: the samples of a series must arrive in order.
  const pool = new HttpPool(url.origin, { connections: 1, pipelining: 1, ...TIMEOUTS });
  const headers = {
    ...REMOTE_WRITE_HEADERS,
    ...authorization(url),
    "user-agent": `plimsoll/${packageVersion()}`,
  };
  const path = url.pathname + url.search;
  return {
    name,
    // One encoded request after another is one request with the series of all.
    join: (chunks) => encodeSnappy(Buffer.concat(chunks)),
    deliver: (body, signal) => post(pool, path, headers, body, signal),
    close: () => pool.destroy(),
  };
}

async function post(
  pool: Pool,
  path: string,
  headers: Record<string, string>,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Delivery> {
  try {
    const response = await pool.request({ method: "POST", path, headers, body, signal });
    const retryAfter = [response.headers["retry-after"]].flat()[0];
    const said = await beginningOf(response.body);
    return judgeResponse(response.statusCode, retryAfter, said, Date.now());
  } catch (error) {
    return { outcome: "retry", reason: errorLine(error) };
  }
}

/** Reads on to the end of a short body, so that the connection can be used again; gives up on a long one. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > 65_536) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

function authorization(url: URL): Record<string, string> {
  if (url.username === "") return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}
