import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { BodyBudget, readBody } from "./body.ts";
import { Refusal, type Reply, type Route, textReply } from "./route.ts";
import { createRouter, type Router } from "./router.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

export interface HttpServer {
  /** Where it listens, as `host:port`. */
  readonly addresses: readonly string[];
  /** Takes no more connections, lets requests under way finish for up to `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Whoever is slower than this is not waited for: a request in full, its headers, a reader's progress. */
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Longer than any push interval: a sender keeps its connection.
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
} as const;
const IDLE_WRITE_MS = 30_000;
const MAX_CONNECTIONS = 10_000;
const MAX_BODIES_BYTES = 128 * 1024 * 1024;

/** Listens on every address, or on none of them: throws naming the one that failed. */
export async function openHttpServer(
  listen: readonly ListenAddress[],
  routes: readonly Route[],
  log: Logger,
): Promise<HttpServer> {
  const router = createRouter(routes);
  const budget = new BodyBudget(MAX_BODIES_BYTES);
  const servers: Server[] = [];
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(servers.map((server) => closeServer(server, graceMs)));
  };
  for (const address of listen) {
    const server = createServer(TIMEOUTS, (request, response) => {
      void serve(request, response, router, budget, log);
    });
    // Without this listener node:http asks for every body, whatever its size.
    server.on("checkContinue", (request, response) => {
      void serve(request, response, router, budget, log);
    });
    server.maxConnections = MAX_CONNECTIONS;
    server.timeout = IDLE_WRITE_MS;
    try {
      await listenOn(server, address);
    } catch (error) {
      await close(0);
      throw error;
    }
    servers.push(server);
  }
  return { addresses: servers.map(addressOf), close };
}

async function listenOn(server: Server, { host, port }: ListenAddress): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, "listening");
  } catch (cause) {
    const where = `listen ${host.includes(":") ? `[${host}]` : host}:${port}`;
    const why = LISTEN_ERRORS[errnoOf(cause) ?? ""];
    throw new PlimsollError("LISTEN", `${where}: ${why ?? "failed"}`, why === undefined ? { cause } : {});
  }
}

const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use",
  EADDRNOTAVAIL: "this host does not have the address",
  EACCES: "no permission",
  ENOTFOUND: "no such host",
};

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") return "";
  return `${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  // A connection turns idle when its request is answered, and would be kept alive.
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const grace = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(grace);
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  router: Router,
  budget: BodyBudget,
  log: Logger,
): Promise<void> {
  let isBodyAwaited = /^100-continue$/i.test(request.headers.expect ?? "");
  const askForBody = (): void => {
    if (isBodyAwaited) response.writeContinue();
    isBodyAwaited = false;
  };
  const reply = await answer(request, askForBody, router, budget, log);
  try {
    // The sender may still send the body that nobody asked for, or not: what follows cannot be told apart.
    if (isBodyAwaited) response.setHeader("connection", "close");
    response.statusCode = reply.status;
    response.setHeaders(new Map(Object.entries(reply.headers ?? {})));
    if (typeof reply.body === "object" && !(reply.body instanceof Uint8Array))
      await pipeline(Readable.from(reply.body), response);
    else response.end(reply.body);
  } catch {
    response.destroy(); // The reader went away, or stopped reading.
  }
}

async function answer(
  request: IncomingMessage,
  askForBody: () => void,
  router: Router,
  budget: BodyBudget,
  log: Logger,
): Promise<Reply> {
  const { method = "", url = "", headers, socket } = request;
  try {
    const [path = "", search = ""] = url.split("?", 2);
    const { handle, params } = router(method, path);
    const body = (maxBytes: number): Promise<Buffer> => readBody(request, maxBytes, budget, askForBody);
    const query = new URLSearchParams(search);
    return await handle({ headers, params, query, peer: socket.remoteAddress ?? "", readBody: body });
  } catch (error) {
    if (error instanceof Refusal) return textReply(error.status, error.message, error.headers);
    log.error({ method, url, err: error }, "request failed");
    return textReply(500, "internal error");
  }
}
