import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Cleanup } from "./cleanup.ts";

export interface TcpReceiver {
  readonly port: number;
  /** What came on each connection until its end, in order. */
  readonly received: readonly Buffer[];
}

/** A server on loopback; `serve` decides how each connection goes on, after its first bytes or at its end. */
export async function startTcpReceiver(
  cleanup: Cleanup,
  serve: { onData?: (socket: Socket, bytes: Buffer) => void; onEnd?: (socket: Socket) => void } = {},
): Promise<TcpReceiver> {
  const received: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    const chunks: Buffer[] = [];
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      serve.onData?.(socket, Buffer.concat(chunks));
    });
    socket.on("end", () => {
      received.push(Buffer.concat(chunks));
      if (serve.onEnd === undefined) socket.end();
      else serve.onEnd(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("tcp receiver", () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, received };
}
