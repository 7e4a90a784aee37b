import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import type { Delivery } from "../core/metrics/delivery.ts";
import { judgeResponse } from "../core/metrics/http-delivery.ts";
import { systemClock } from "../core/runtime/clock.ts";
import { errnoOf, errorLine } from "../core/runtime/errors.ts";
import { type HttpTransport, openHttpTransport } from "./http-transport.ts";
import { type PushSettings, readAuthorization } from "./push-settings.ts";

export type Headers = Readonly<Record<string, string>>;

export interface HttpPostOptions {
  readonly url: URL;
  /** The protocol's own: they win over configured ones. */
  readonly headers: Headers;
  readonly settings: PushSettings;
  /** What an answer means; remote write's rule unless told otherwise. */
  readonly judge?: (answer: HttpAnswer) => Delivery;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The beginning of the body. */
  readonly body: Buffer;
}

/** One URL, one kept-alive connection, one request at a time. */
export interface HttpPost {
  send(body: Uint8Array, signal: AbortSignal, headers?: Headers): Promise<Delivery>;
  /** The receiver's clock, by the Date of its answers; undefined when it does not say. Asks once, where nothing was sent yet. */
  receiverNowMs(signal: AbortSignal): Promise<number | undefined>;
}

/** An error page of a proxy can be megabytes: more is not read. */
const ANSWER_BYTES = 4096;

/** Answers that are about the samples: bad, conflicting, too many, unprocessable. */
const ABOUT_SAMPLES: ReadonlySet<number> = new Set([400, 409, 413, 422]);
/** Those of a gateway, or of a receiver that is busy: they say nothing about the samples. */
const ABOUT_RECEIVER: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export function judgeByStatus({ status, headers, body }: HttpAnswer): Delivery {
  const delivery = judgeResponse(status, headers["retry-after"], body.toString("utf8"), Date.now());
  const isAboutSamples = status < 500 ? ABOUT_SAMPLES.has(status) : !ABOUT_RECEIVER.has(status);
  return delivery.outcome === "delivered" || !isAboutSamples ? delivery : { ...delivery, blame: "samples" };
}

export function openHttpPost(options: HttpPostOptions): HttpPost {
  const { url, settings, judge = judgeByStatus } = options;
  const transport = openHttpTransport(url, settings);
  const clock = new ReceiverClock();
  const exchange = async (
    method: string,
    body: Uint8Array,
    signal: AbortSignal,
    headers: Headers,
  ): Promise<Exchange> => {
    try {
      const all = {
        ...settings.headers,
        ...readAuthorization(url, settings),
        ...options.headers,
        ...headers,
      };
      const request = { method, path: url.pathname + url.search, headers: all };
      const exchanged = await exchangeOnce(
        await transport.opened(),
        request,
        body,
        settings.timeoutMs,
        signal,
      );
      if (exchanged.answer !== undefined) clock.hear(exchanged.answer.headers.date);
      return exchanged;
    } catch (error) {
      // A secret or certificate that cannot be read now may be there at the next try.
      return { failure: errorLine(error), closedWhileIdle: false };
    }
  };
  return {
    send: async (body, signal, headers = {}) => {
      const first = await exchange("POST", body, signal, headers);
      // The receiver closed an idle connection at the very moment it was taken: no failure, nothing was read.
      const { answer, failure } = first.closedWhileIdle
        ? await exchange("POST", body, signal, headers)
        : first;
      if (answer === undefined) return { outcome: "retry", reason: failure ?? "no answer" };
      if (!settings.retryStatuses.includes(answer.status)) return judge(answer);
      return { outcome: "retry", reason: `HTTP ${answer.status}` };
    },
    receiverNowMs: async (signal) => {
      if (clock.isFresh) {
        clock.isFresh = false;
        await exchange("HEAD", new Uint8Array(0), signal, {});
      }
      return clock.nowMs();
    },
  };
}

/** Somebody else's clock, carried on by our monotonic one: ours may be set meanwhile. */
class ReceiverClock {
  isFresh = true;
  #heard: { readonly dateMs: number; readonly atMs: number } | undefined;

  hear(date: string | undefined): void {
    this.isFresh = false;
    const dateMs = Date.parse(date ?? "");
    if (!Number.isNaN(dateMs)) this.#heard = { dateMs, atMs: systemClock.monotonicMs() };
  }

  nowMs(): number | undefined {
    return this.#heard === undefined
      ? undefined
      : this.#heard.dateMs + systemClock.monotonicMs() - this.#heard.atMs;
  }
}

interface Exchange {
  readonly answer?: HttpAnswer;
  readonly failure?: string;
  readonly closedWhileIdle: boolean;
}

function exchangeOnce(
  transport: HttpTransport,
  request: RequestOptions,
  body: Uint8Array,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Exchange> {
  return new Promise((resolve) => {
    let received: Answering | undefined;
    const settle = (exchange: Exchange): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve(exchange);
    };
    const length = { "content-length": String(body.length) };
    const sent: ClientRequest = transport.request(
      { ...request, headers: { ...request.headers, ...length } },
      (response) => {
        const answering = receive(response);
        received = answering;
        response.on("close", () => settle({ answer: answerOf(answering), closedWhileIdle: false }));
      },
    );
    const fail = (error: Error): void => {
      const closedWhileIdle = sent.reusedSocket && ["ECONNRESET", "EPIPE"].includes(errnoOf(error) ?? "");
      // Half an answer is one: its status is known, and it may say that the samples are stored.
      if (received === undefined) settle({ failure: errorLine(error), closedWhileIdle });
      else settle({ answer: answerOf(received), closedWhileIdle: false });
    };
    // A request that still waits for its connection is silent when it is destroyed.
    const giveUp = (error: Error): void => {
      sent.destroy(error);
      fail(error);
    };
    const timer = setTimeout(() => giveUp(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const stop = (): void => giveUp(new Error("stopped before the answer came"));
    sent.on("error", fail);
    // Without a word: Node hangs up on who answers 101 to a question that nobody asked.
    sent.on("close", () => fail(new Error("closed without an answer")));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    sent.end(body);
  });
}

interface Answering {
  readonly response: IncomingMessage;
  readonly chunks: Buffer[];
}

/** Keeps the beginning of the body, and hangs up on one that goes on. */
function receive(response: IncomingMessage): Answering {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    if (bytes < ANSWER_BYTES) chunks.push(chunk.subarray(0, ANSWER_BYTES - bytes));
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES) response.destroy();
  });
  response.on("error", () => {}); // Half a response: `close` follows, the status is known.
  return { response, chunks };
}

function answerOf({ response, chunks }: Answering): HttpAnswer {
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}
