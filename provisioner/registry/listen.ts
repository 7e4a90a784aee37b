import { once } from "node:events";
import {
  createServer as createPlainServer,
  type RequestListener,
  type Server,
  type ServerOptions,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { PlimsollError } from "../../core/runtime/errors.ts";

/** What a server proves itself by, as PEM. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

export interface Listening {
  readonly port: number;
  /** Connections are not waited for. */
  close(): Promise<void>;
  /** No new ones; requests that are under way have so long to end. */
  drain(ms: number): Promise<void>;
}

export function createHttpServer(
  tls: Tls | undefined,
  limits: ServerOptions,
  handle: RequestListener,
): Server {
  return tls === undefined
    ? createPlainServer(limits, handle)
    : createTlsServer({ ...limits, ...tls, minVersion: "TLSv1.2" }, handle);
}

/** Has a server listen; port 0 is any that is free. `what` is what an error calls it. */
export async function listen(
  what: string,
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  server.listen(port, host);
  await once(server, "listening").catch((cause: unknown) => {
    throw new PlimsollError("LISTEN", `${what}: cannot listen at ${host}:${port}`, { cause });
  });
  const drain = async (ms: number): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    const idle = setInterval(() => server.closeIdleConnections(), 50); // one is idle after its last request
    const late = setTimeout(() => server.closeAllConnections(), ms);
    await closed;
    clearInterval(idle);
    clearTimeout(late);
  };
  return { port: (server.address() as AddressInfo).port, drain, close: () => drain(0) };
}
