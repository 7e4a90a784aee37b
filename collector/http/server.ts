import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import { BlockList } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Server as TlsServer } from "node:tls";
import { errnoOf, PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { BodyBudget, readBody } from "./body.ts";
import { acceptProxied, type Peers } from "./proxied.ts";
import { Refusal, type Reply, type Route, textReply } from "./route.ts";
import { createRouter, type Router } from "./router.ts";
import { certificateOf, readTls, reloadTls, type TlsFiles } from "./tls.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly isTls?: boolean;
}

/** Who may speak, and how. */
export interface Security {
  /** Needed where an address is to speak TLS. */
  readonly tls?: TlsFiles | undefined;
  /** Connections from here begin with a PROXY header. */
  readonly proxies?: BlockList | undefined;
}

export interface HttpServer {
  /** Where it listens, as `host:port`. */
  readonly addresses: readonly string[];
  /** Connections that were closed because their address has too many. */
  readonly refused: number;
  /** Reads the certificates again. */
  reload(): void;
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
  { tls, proxies = new BlockList() }: Security = {},
): Promise<HttpServer> {
  const router = createRouter(routes);
  const budget = new BodyBudget(MAX_BODIES_BYTES);
  const servers: Listening[] = [];
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(servers.map((one) => closeServer(one, graceMs)));
  };
  for (const address of listen) {
    const server = address.isTls ? openTlsServer(tls) : createServer(TIMEOUTS);
    const peers = acceptProxied(server, proxies);
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      void serve(request, response, peers, router, budget, log);
    };
    server.on("request", take);
    // Without this listener node:http asks for every body, whatever its size.
    server.on("checkContinue", take);
    server.maxConnections = MAX_CONNECTIONS;
    server.timeout = IDLE_WRITE_MS;
    try {
      await listenOn(server, address);
    } catch (error) {
      await close(0);
      throw error;
    }
    servers.push({ server, peers });
  }
  return {
    addresses: servers.map(({ server }) => addressOf(server)),
    get refused() {
      return servers.reduce((sum, { peers }) => sum + peers.refused, 0);
    },
    reload: () => {
      const secured = servers.flatMap(({ server }) => (server instanceof TlsServer ? server : []));
      if (tls !== undefined && secured.length > 0) reloadTls(secured, tls, log);
    },
    close,
  };
}

interface Listening {
  readonly server: Server | SecureServer;
  readonly peers: Peers;
}

/** A certificate is asked for where there is somebody to trust; what one without may do is not decided here. */
function openTlsServer(files: TlsFiles | undefined): SecureServer {
  if (files === undefined) throw new UsageError("listen: TLS needs a certificate and its key");
  const asked = { requestCert: files.clientCa !== undefined, rejectUnauthorized: false };
  return createSecureServer({
    ...TIMEOUTS,
    ...readTls(files),
    ...asked,
    handshakeTimeout: TIMEOUTS.headersTimeout,
  });
}

async function listenOn(server: Server | SecureServer, { host, port }: ListenAddress): Promise<void> {
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

function addressOf(server: Server | SecureServer): string {
  const address = server.address();
  if (address === null || typeof address === "string") return "";
  return `${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}

async function closeServer({ server, peers }: Listening, graceMs: number): Promise<void> {
  if (!server.listening) return;
  peers.close();
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
  peers: Peers,
  router: Router,
  budget: BodyBudget,
  log: Logger,
): Promise<void> {
  let isBodyAwaited = /^100-continue$/i.test(request.headers.expect ?? "");
  const askForBody = (): void => {
    if (isBodyAwaited) response.writeContinue();
    isBodyAwaited = false;
  };
  const reply = await answer(request, askForBody, peers, router, budget, log);
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
  peers: Peers,
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
    const certificate = certificateOf(socket);
    return await handle({
      headers,
      params,
      query,
      peer: peers.addressOf(socket),
      certificate,
      readBody: body,
    });
  } catch (error) {
    if (error instanceof Refusal) return textReply(error.status, error.message, error.headers);
    log.error({ method, url, err: error }, "request failed");
    return textReply(500, "internal error");
  }
}
