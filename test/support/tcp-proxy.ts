import { connect, createServer, type Server, type Socket } from "node:net";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";

export interface TcpProxy {
  readonly port: number;
  start(): Promise<void>;
  /** Cuts every connection and takes no others. */
  stop(): Promise<void>;
}

/** A wire to a server on loopback that can be cut: a network that fails while the server is well. */
export async function makeTcpProxy(cleanup: Cleanup, targetPort: number): Promise<TcpProxy> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    const closing = server;
    server = undefined;
    if (closing !== undefined) await new Promise<void>((resolve) => closing.close(() => resolve()));
  };
  cleanup.add("proxy", stop);
  return {
    port,
    stop,
    start: () =>
      new Promise((resolve) => {
        server = createServer({ allowHalfOpen: true }, (client) => {
          const upstream = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
          for (const socket of [client, upstream]) {
            sockets.add(socket);
            socket.on("error", () => {
              client.destroy();
              upstream.destroy();
            });
          }
          client.pipe(upstream).pipe(client);
        }).listen(port, "127.0.0.1", () => resolve());
      }),
  };
}
