import type { IncomingHttpHeaders } from "node:http";
import type { ClientCertificate } from "./tls.ts";

/** What a handler may know of a request. */
export interface RouteRequest {
  readonly headers: IncomingHttpHeaders;
  /** The address at the other end of the connection, or behind the proxy there. */
  readonly peer: string;
  /** What the client has proved to be by TLS. */
  readonly certificate?: ClientCertificate | undefined;
  /** The named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The whole body. Throws Refusal 413 as soon as it is larger than `maxBytes`. */
  readBody(maxBytes: number): Promise<Buffer>;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Pieces are written at the pace they are read. */
  readonly body?: string | Uint8Array | Iterable<string>;
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";

export interface Route {
  readonly method: Method;
  /** `/api/v1/machines/{ip}`: a part in braces matches anything up to the next slash, `{rest*}` all that follows. */
  readonly path: string;
  /** For the index page. */
  readonly summary: string;
  handle(request: RouteRequest): Reply | Promise<Reply>;
}

/** An answer that is not a success: thrown by a handler, told as one line of text. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.headers = headers;
  }
}

export function textReply(
  status: number,
  line: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body: `${line}\n` };
}

export function jsonReply(status: number, value: unknown): Reply {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: `${JSON.stringify(value)}\n`,
  };
}
