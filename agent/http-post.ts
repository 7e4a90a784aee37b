import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Delivery } from "../core/metrics/delivery.ts";
import { judgeResponse } from "../core/metrics/http-delivery.ts";
import { errnoOf, errorLine } from "../core/runtime/errors.ts";

export type Headers = Readonly<Record<string, string>>;

export interface HttpPostOptions {
  readonly url: URL;
  readonly headers: Headers;
  /** For the whole exchange, connecting included. */
  readonly timeoutMs: number;
}

/** One URL, one kept-alive connection, one request at a time. */
export interface HttpPost {
  send(body: Uint8Array, signal: AbortSignal): Promise<Delivery>;
}

interface Transport {
  request(options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
  readonly agent: Agent;
}

/** An error page of a proxy can be megabytes; its first words are enough for a log line. */
const REASON_LENGTH = 300;

export function openHttpPost(options: HttpPostOptions): HttpPost {
  let transport: Promise<Transport> | undefined;
  return {
    send: async (body, signal) => {
      transport ??= openTransport(options.url);
      const opened = await transport;
      const first = await exchange(opened, options, body, signal);
      // The receiver closed an idle connection at the very moment it was taken: no failure, nothing was read.
      return first.closedWhileIdle
        ? (await exchange(opened, options, body, signal)).delivery
        : first.delivery;
    },
  };
}

/** Only what the URL needs is loaded: TLS costs half a megabyte. */
async function openTransport(url: URL): Promise<Transport> {
  const { request, Agent } =
    url.protocol === "https:" ? await import("node:https") : await import("node:http");
  return { request, agent: new Agent({ keepAlive: true, maxSockets: 1 }) };
}

interface Exchange {
  readonly delivery: Delivery;
  readonly closedWhileIdle: boolean;
}

function exchange(
  { request, agent }: Transport,
  { url, headers, timeoutMs }: HttpPostOptions,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Exchange> {
  return new Promise((resolve) => {
    let answer: Answer | undefined;
    const settle = (delivery: Delivery, closedWhileIdle = false): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve({ delivery, closedWhileIdle });
    };
    const exchanged = { ...target(url), agent, method: "POST" };
    const length = { "content-length": String(body.length) };
    const sent = request({ ...exchanged, headers: { ...headers, ...length } }, (response) => {
      const received = receive(response);
      answer = received;
      response.on("close", () => settle(judge(received)));
    });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const stop = (): void => {
      sent.destroy(new Error("stopped before the answer came"));
    };
    sent.on("error", (error) => {
      // Half an answer is one: its status is known, and it may say that the samples are stored.
      if (answer !== undefined) return settle(judge(answer));
      const closedWhileIdle = sent.reusedSocket && ["ECONNRESET", "EPIPE"].includes(errnoOf(error) ?? "");
      settle({ outcome: "retry", reason: errorLine(error) }, closedWhileIdle);
    });
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    sent.end(body);
  });
}

function target(url: URL): RequestOptions {
  const { hostname, port, pathname, search, username, password } = url;
  const auth =
    username === "" ? {} : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` };
  // URL keeps the brackets of an IPv6 literal, connect(2) does not want them.
  return { host: hostname.replace(/^\[|\]$/g, ""), port, path: pathname + search, ...auth };
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The beginning of the body. */
  text: string;
}

/** Keeps the first words of the body for the log, and hangs up on one that goes on. */
function receive(response: IncomingMessage): Answer {
  const answer = { status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"], text: "" };
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    if (answer.text.length >= REASON_LENGTH) response.destroy();
    answer.text += chunk.slice(0, REASON_LENGTH - answer.text.length);
  });
  response.on("error", () => {}); // Half a response: `close` follows, the status is known.
  return answer;
}

function judge({ status, retryAfter, text }: Answer): Delivery {
  return judgeResponse(status, retryAfter, text, Date.now());
}
