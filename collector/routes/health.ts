import type { Clock } from "../../core/runtime/clock.ts";
import type { Forwarding } from "../forwarding.ts";
import { jsonReply, type Route, textReply } from "../http/route.ts";

/** A sink may fail for this long before the collector says that it is not ready. */
const PATIENCE_MS = 60_000;

/** `/healthz`: the process answers. `/readyz`: what it takes in also gets where it should. */
export function healthRoutes(
  forwarders: readonly Pick<Forwarding, "name" | "failing">[],
  clock: Clock,
): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/healthz",
      summary: "200 while the process answers",
      handle: () => textReply(200, "ok"),
    },
    {
      method: "GET",
      path: "/readyz",
      summary: "200 unless a sink is stuck, with reasons (JSON)",
      handle: () => {
        const reasons = forwarders.flatMap((forwarder) => stuckReason(forwarder, clock.monotonicMs()));
        return jsonReply(reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons });
      },
    },
  ];
}

function stuckReason(
  { name, failing }: Pick<Forwarding, "name" | "failing">,
  nowMs: number,
): readonly string[] {
  if (failing === undefined || nowMs - failing.sinceMs < PATIENCE_MS) return [];
  const seconds = Math.round((nowMs - failing.sinceMs) / 1000);
  return [`sink ${name}: nothing delivered for ${seconds} s: ${failing.reason}`];
}
