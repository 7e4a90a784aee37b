import type { ServerResponse } from "node:http";
import { systemClock } from "../../../core/runtime/clock.ts";

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

/** Aborts with `signal`, and after `ms`. Not AbortSignal.any(): it loses what nobody else holds. */
export function atMost(ms: number, signal: AbortSignal): AbortSignal {
  const ended = new AbortController();
  void systemClock.sleep(ms, signal).then(() => ended.abort());
  return ended.signal;
}
