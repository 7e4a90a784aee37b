import type { AddressInfo, Server, Socket } from "node:net";
import type { Cleanup } from "./cleanup.ts";

/** The port on loopback that this server of TCP, HTTP or TLS listens on now; afterwards it and its connections are gone. */
export async function listen(cleanup: Cleanup, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("server", () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
