import type { ServerResponse } from "node:http";

/**
 * Aborts when a request is over: answered, or left by its client. Of one that was sent behind another Node tells no end
 * when the connection is lost, for its answer never had one.
 */
export function untilOver(response: ServerResponse): AbortSignal {
  const over = new AbortController();
  const { socket } = response.req;
  const end = (): void => {
    socket.off("close", end);
    over.abort();
  };
  socket.setMaxListeners(0); // one for each request that is sent at once
  socket.once("close", end);
  response.once("close", end);
  return over.signal;
}
