/*
 * etcd's JSON gateway (etcd documentation, "gRPC gateway"): POST /v3/<service>/<call>, bytes as base64,
 * 64-bit numbers as text, false and 0 left out; a watch answers with one JSON object a line.
 *
 *   {"header":{"revision":"2"},"succeeded":true,"responses":[…]}
 *   {"error":"etcdserver: too many operations in txn request","code":3}
 */
import { Agent, type Dispatcher, request } from "undici";
import { errnoOf, errorLine, PlimsollError } from "../../core/runtime/errors.ts";

const CONNECT_MS = 3000;
const ANSWER_MS = 10_000;
/** A watch says something every 10 minutes (progress_notify); a connection that says nothing for longer is dead. */
const SILENCE_MS = 15 * 60_000;

/** The request never left: another member may be asked, whatever it was. */
const UNSENT = [
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
];

export interface EtcdGateway {
  call(path: string, body: object): Promise<unknown>;
  /** The lines of an answer that does not end, until `signal` or the connection ends it. */
  stream(path: string, body: object, signal: AbortSignal): AsyncIterable<unknown>;
  close(): Promise<void>;
}

/** `endpoints` are members of one cluster; the one that answered last is asked first. */
export function openEtcdGateway(name: string, endpoints: readonly string[]): EtcdGateway {
  const agent = new Agent({
    connect: { timeout: CONNECT_MS },
    headersTimeout: ANSWER_MS,
    bodyTimeout: SILENCE_MS,
  });
  let preferred = 0;

  async function post(path: string, body: object, signal?: AbortSignal): Promise<Dispatcher.ResponseData> {
    const options = { dispatcher: agent, method: "POST", body: JSON.stringify(body) } as const;
    for (let tried = 1; ; tried++) {
      try {
        const url = `${endpoints[preferred]}/v3/${path}`;
        return await request(url, signal === undefined ? options : { ...options, signal });
      } catch (cause) {
        preferred = (preferred + 1) % endpoints.length;
        if (!isUnsent(cause) || tried >= endpoints.length) throw connectionFailure(name, cause);
      }
    }
  }

  return {
    async call(path, body) {
      const { statusCode, body: answer } = await post(path, body);
      const text = await answer.text().catch((cause) => {
        throw connectionFailure(name, cause);
      });
      if (statusCode === 200) return parseAnswer(name, text);
      throw new PlimsollError("STORE", `store ${name}: ${messageOf(text) || `status ${statusCode}`}`);
    },
    async *stream(path, body, signal) {
      const answer = await post(path, body, signal);
      let rest = "";
      for await (const chunk of answer.body.setEncoding("utf8")) {
        const lines = `${rest}${chunk}`.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield parseAnswer(name, line);
      }
    },
    close: () => agent.destroy(),
  };
}

function isUnsent(cause: unknown): boolean {
  return UNSENT.includes(errnoOf(cause) ?? "");
}

function connectionFailure(name: string, cause: unknown): PlimsollError {
  return new PlimsollError("STORE", `store ${name}: ${isUnsent(cause) ? "cannot be reached" : "no answer"}`, {
    cause,
  });
}

function parseAnswer(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlimsollError("STORE", `store ${name}: no etcd answers there: ${errorLine(cause)}`);
  }
}

function messageOf(text: string): string {
  try {
    return String(JSON.parse(text).error ?? "");
  } catch {
    return text.trim();
  }
}
