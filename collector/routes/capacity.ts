import type { Clock } from "../../core/runtime/clock.ts";
import type { Fleet } from "../capacity/fleet.ts";
import { groupCapacity } from "../capacity/groups.ts";
import { SPAN_MS, STEP_MS } from "../capacity/usage.ts";
import { jsonReply, type Route } from "../http/route.ts";
import type { Capacity } from "../page/api.ts";
import { iso } from "./time.ts";

/** What all machines, or those of a business, a host, a label, asked for, may use, use, and when that ends. */
export function capacityRoute(fleet: Fleet, clock: Clock): Route {
  return {
    method: "GET",
    path: "/api/v1/capacity",
    summary:
      "?by=business|host|ip|LABEL: requested, limit, used over a week, when it is full, what is never used (JSON)",
    handle: ({ query }) => {
      const by = query.get("by") ?? fleet.businessLabel;
      const { members, machines } = fleet.members(by);
      const capacity: Capacity = {
        ...{ at: iso(clock.nowMs()), by, days: SPAN_MS / 86_400_000, stepSeconds: STEP_MS / 1000 },
        ...{ machines, surveyed: members.length },
        all: groupCapacity(members.map((member) => ({ ...member, group: "all" })))[0] ?? null,
        groups: groupCapacity(members),
      };
      return jsonReply(200, capacity);
    },
  };
}
