import { readFileSync } from "node:fs";
import type { Dispatcher } from "undici";
import type { Delivery } from "../core/metrics/delivery.ts";
import { judgeResponse } from "../core/metrics/http-delivery.ts";
import { errorLine } from "../core/runtime/errors.ts";
import { packageVersion } from "../core/runtime/version.ts";
import type { SinkSettings } from "./sinks/types.ts";
import { readTlsFiles } from "./tls-files.ts";

export interface HttpPostOptions {
  readonly url: URL;
  /** The protocol's own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly settings: SinkSettings;
  /** What an answer means, where a protocol has rules of its own. */
  readonly judge?: (answer: HttpAnswer) => Delivery;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  /** The beginning of it. */
  readonly body: Buffer;
}

/** One URL over a few kept connections. */
export interface HttpPost {
  send(body: Uint8Array, signal: AbortSignal): Promise<Delivery>;
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const TIMEOUTS = { headersTimeout: 30_000, bodyTimeout: 30_000 } as const;
/** An error page of a proxy can be megabytes: more is not read. */
const ANSWER_BYTES = 65_536;

export async function openHttpPost(options: HttpPostOptions): Promise<HttpPost> {
  const { url, settings, judge = judgeAnswer } = options;
  // Loaded for those who forward: it costs 19 MB.
  const { Pool } = await import("undici");
  const connect = { timeout: CONNECT_MS, ...readTlsFiles(settings) };
  const pool = new Pool(url.origin, {
    connections: settings.connections,
    pipelining: 1,
    connect,
    ...TIMEOUTS,
  });
  const fixed = { ...options.headers, "user-agent": `plimsoll/${packageVersion()}` };
  const path = url.pathname + url.search;
  return {
    send: async (body, signal) => {
      try {
        const headers = { ...fixed, ...authorization(url, settings) };
        const response = await pool.request({ method: "POST", path, headers, body, signal });
        const answer = await beginningOf(response.body);
        return judge({ status: response.statusCode, headers: response.headers, body: answer });
      } catch (error) {
        return { outcome: "retry", reason: errorLine(error) };
      }
    },
    close: () => pool.destroy(),
  };
}

/** Answers about who we are or where we have come to: nothing is wrong with the samples, and somebody may mend it. */
const ABOUT_US: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408]);

/** Those of a gateway, or of a receiver that is busy: they say nothing about the samples, as a 500 may. */
const ABOUT_RECEIVER: ReadonlySet<number> = new Set([502, 503, 504]);

export function judgeAnswer({ status, headers, body }: HttpAnswer): Delivery {
  const delivery = judgeResponse(status, retryAfterOf(headers), body.toString("utf8"), Date.now());
  if (delivery.outcome === "retry" && status >= 500 && !ABOUT_RECEIVER.has(status))
    return { ...delivery, blame: "samples" };
  return pardoned(status, delivery);
}

/** What is refused for who we are, or for where we have come to, is tried again. */
export function pardoned(status: number, delivery: Delivery): Delivery {
  if (delivery.outcome !== "refused" || !ABOUT_US.has(status)) return delivery;
  return { outcome: "retry", reason: delivery.reason };
}

export function retryAfterOf(headers: HttpAnswer["headers"]): string | undefined {
  return [headers["retry-after"]].flat()[0];
}

/** Reads on to the end of a short body, so that the connection can be used again; gives up on a long one. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks);
}

/** A secret that cannot be read now may be there at the next try. */
function authorization(
  { username, password }: URL,
  { bearerTokenFile }: SinkSettings,
): Record<string, string> {
  if (bearerTokenFile !== undefined)
    return { authorization: `Bearer ${readFileSync(bearerTokenFile, "utf8").trim()}` };
  if (username === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}
