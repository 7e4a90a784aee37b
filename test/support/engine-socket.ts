import { createServer, type RequestListener, type Server } from "node:http";
import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";

/** A Docker 20.10 on a unix socket: it says its version, and of everything else what `listener` does. */
export async function listenAsEngine(
  cleanup: Cleanup,
  listener: RequestListener,
): Promise<{ readonly socket: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    if (request.url !== "/version") return listener(request, response);
    response.end('{"ApiVersion":"1.41","MinAPIVersion":"1.12"}');
  });
  return { socket: await listenOnSocket(cleanup, server), server };
}

/** The unix socket that it listens on; afterwards it and its connections are gone. */
export async function listenOnSocket(cleanup: Cleanup, server: Server): Promise<string> {
  const socket = join(cleanup.temporaryFolder(), "docker.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  cleanup.add("engine", () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  return socket;
}
