import { jsonReply, type Route } from "../http/route.ts";
import type { StatusReader } from "../status/status.ts";

export const STATUS_PATH = "/api/v1/status";

/** What `plimsoll-collector status` shows. */
export function statusRoute({ read }: Pick<StatusReader, "read">): Route {
  return {
    method: "GET",
    path: STATUS_PATH,
    summary: "how this collector is: machines, pushes, sinks, store (JSON)",
    handle: () => jsonReply(200, read()),
  };
}
