import type { Clock } from "../../core/runtime/clock.ts";
import { jsonReply, Refusal, type Route } from "../http/route.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Announcements } from "../lifecycle/announcements.ts";
import type { News } from "../peers/news.ts";

export interface HeardParts {
  readonly inventory: Pick<Inventory, "heardSince">;
  readonly announcements: Pick<Announcements, "planned">;
  readonly clock: Clock;
}

/** `GET /api/v1/heard?since=MS`: what the other collectors behind the same load balancer ask for. */
export function heardRoute({ inventory, announcements, clock }: HeardParts): Route {
  return {
    method: "GET",
    path: "/api/v1/heard",
    summary: "machines that were heard of here since=MILLISECONDS, for other collectors (JSON)",
    handle: ({ query }) => {
      const since = query.get("since") ?? "0";
      if (!/^\d{1,15}$/.test(since)) throw new Refusal(400, "since: milliseconds since 1970");
      const news: News = {
        nowMs: clock.nowMs(),
        machines: [...inventory.heardSince(Number(since))],
        planned: [...announcements.planned()],
      };
      return jsonReply(200, news);
    },
  };
}
