import type { Fleet } from "../capacity/fleet.ts";
import { SPAN_MS, STEP_MS } from "../capacity/usage.ts";
import { jsonReply, type Route } from "../http/route.ts";
import type { Capacity } from "../page/api.ts";
import { iso } from "./time.ts";

/** What all machines, or those of a business, a host, a label, asked for, may use, use, and when that ends. */
export function capacityRoute(fleet: Pick<Fleet, "businessLabel" | "capacity">): Route {
  return {
    method: "GET",
    path: "/api/v1/capacity",
    summary:
      "?by=business|host|ip|LABEL: requested, limit, used over a week, when it is full, what is never used (JSON)",
    handle: ({ query }) => {
      const by = query.get("by") ?? fleet.businessLabel;
      const { atMs, ...figures } = fleet.capacity(by);
      const span = { days: SPAN_MS / 86_400_000, stepSeconds: STEP_MS / 1000 };
      const capacity: Capacity = { at: iso(atMs), by, ...span, ...figures };
      return jsonReply(200, capacity);
    },
  };
}
