import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createConnection } from "node:net";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { NotFoundError, PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { encodeRefusal } from "./refusal.ts";
import { type Match, type Method, matchPath, type Route } from "./route.ts";
import { findMismatch } from "./schema.ts";
import { SCHEMAS } from "./schemas.ts";

const MAX_BODY_BYTES = 1024 * 1024;
/** Only root may connect: that takes the right to write (unix(7)). */
const UMASK = 0o177;

export interface ApiServer {
  /** Takes no more requests; streams end. */
  close(): Promise<void>;
}

/** Answers on a unix socket. One that a killed process left is replaced; throws where somebody answers. */
export async function openApiServer(path: string, routes: readonly Route[], log: Logger): Promise<ApiServer> {
  const closing = new AbortController();
  const server = createServer((request, response) => {
    void serve(request, response, routes, closing.signal, log);
  });
  // A creation may take as long as its image takes to come.
  server.requestTimeout = 0;
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  if (await isAnswered(path))
    throw new PlimsollError("SOCKET", `socket ${path}: another daemon answers there`);
  rmSync(path, { force: true });
  await listen(server, path);
  return {
    close: async () => {
      closing.abort();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Nobody may connect in the moment between bind(2) and chmod(2): the mask is set before. */
async function listen(server: Server, path: string): Promise<void> {
  const before = process.umask(UMASK);
  try {
    server.listen(path);
    await once(server, "listening");
  } catch (cause) {
    throw new PlimsollError("SOCKET", `socket ${path}: cannot listen`, { cause });
  } finally {
    process.umask(before);
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly Route[],
  closing: AbortSignal,
  log: Logger,
): Promise<void> {
  const left = new AbortController();
  response.once("close", () => left.abort());
  const signal = AbortSignal.any([closing, left.signal]);
  try {
    const match = findRoute(routes, request);
    await answer(response, match.route, await handle(request, match, signal));
  } catch (error) {
    if (!response.headersSent) refuse(response, error, log);
    else response.destroy();
  }
}

function findRoute(routes: readonly Route[], { method = "", url = "" }: IncomingMessage): Match {
  const [path = ""] = url.split("?");
  const matches = matchPath(routes, path);
  if (matches.length === 0)
    throw new NotFoundError(`${path}: no such path`, { hint: "GET /v1/openapi.json" });
  const match = matches.find(({ route }) => route.method === method);
  if (match !== undefined) return match;
  throw new MethodError(
    `${method} ${path}`,
    matches.map(({ route }) => route.method),
  );
}

/** The path is one of ours, the method is not (RFC 9110 §15.5.6). */
class MethodError extends UsageError {
  readonly allowed: string;

  constructor(asked: string, methods: readonly Method[]) {
    const allowed = methods.join(", ");
    super(`${asked}: only ${allowed}`);
    this.allowed = allowed;
  }
}

async function handle(
  request: IncomingMessage,
  { route, params }: Match,
  signal: AbortSignal,
): Promise<unknown> {
  const query = Object.fromEntries(new URLSearchParams(request.url?.split("?")[1] ?? ""));
  checkQuery(route, query);
  const body = route.body === undefined ? undefined : parseBody(await readBody(request));
  const mismatch = route.body && findMismatch(route.body, body, SCHEMAS);
  if (mismatch !== undefined) throw new UsageError(mismatch);
  const key = request.headers["idempotency-key"];
  return route.handle({ params, query, body, idempotencyKey: parseKey(key), signal });
}

function checkQuery({ query: known = {} }: Route, query: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(query)) {
    const parameter = Object.hasOwn(known, name) ? known[name] : undefined;
    if (parameter === undefined) throw new UsageError(`${name}: no such parameter`);
    const mismatch = findMismatch(parameter.schema, text, SCHEMAS, name);
    if (mismatch !== undefined) throw new UsageError(mismatch);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new UsageError(`body: larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError("body: not JSON");
  }
}

/** It becomes part of a key of the store. */
function parseKey(key: string | readonly string[] | undefined): string | undefined {
  if (key === undefined || /^[A-Za-z0-9_.-]{1,64}$/.test(String(key))) return key?.toString();
  throw new UsageError("idempotency-key: 1 to 64 letters, digits, dots, dashes, underscores");
}

async function answer(response: ServerResponse, { answer }: Route, value: unknown): Promise<void> {
  response.statusCode = answer.status;
  if (answer.isStream !== true) {
    response.setHeader("content-type", "application/json").end(`${JSON.stringify(value)}\n`);
    return;
  }
  response.setHeader("content-type", "application/x-ndjson");
  response.flushHeaders();
  await pipeline(Readable.from(linesOf(value as AsyncIterable<unknown>)), response);
}

async function* linesOf(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}

function refuse(response: ServerResponse, error: unknown, log: Logger): void {
  if (!(error instanceof PlimsollError)) log.error({ err: error }, "request failed");
  response.statusCode = statusOf(error);
  if (error instanceof MethodError) response.setHeader("allow", error.allowed);
  response.setHeader("content-type", "application/json").end(`${JSON.stringify(encodeRefusal(error))}\n`);
}

function statusOf(error: unknown): number {
  if (error instanceof MethodError) return 405;
  if (error instanceof UsageError) return 400;
  if (error instanceof NotFoundError) return 404;
  return error instanceof PlimsollError ? 409 : 500;
}
