import { parseDuration } from "../../core/runtime/duration.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import { jsonReply, Refusal, type Route } from "../http/route.ts";
import { canonicalAddress } from "../identity.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Announcements } from "../lifecycle/announcements.ts";
import { type Announcement, CHANGES, LONGEST_PLAN_MS } from "../lifecycle/announcements.ts";
import { type Trust, tokenOf } from "../trust/trust.ts";
import { iso } from "./time.ts";

export interface AnnounceParts {
  readonly announcements: Announcements;
  readonly inventory: Inventory;
  readonly trust: Trust;
  readonly nowMs: () => number;
}

const MAX_BYTES = 10_000;
const DEFAULT_FOR = "10m";

/** `POST …/announce`: a change that is planned raises no alarm; a released address is free for another owner. */
export function announceRoute({ announcements, inventory, trust, nowMs }: AnnounceParts): Route {
  return {
    method: "POST",
    path: "/api/v1/machines/{ip}/announce",
    summary: '{"change":"rebuild|resize|stop|destroy|release","for":"10m","reason":"…"}: no alarm for it',
    handle: async ({ headers, params, peer, readBody }) => {
      const sender = { address: peer, token: tokenOf(headers.authorization) };
      if (!trust.isOperator(sender))
        throw new Refusal(403, "only from this host, or with a token for every machine");
      const ip = canonicalAddress(params.ip);
      if (ip === undefined) throw new Refusal(400, `${params.ip} is not an address`);
      const announcement = parseAnnouncement((await readBody(MAX_BYTES)).toString(), nowMs());
      await announcements.announce(ip, announcement);
      if (announcement.change === "release") await inventory.release(ip, announcement.reason || "released");
      return jsonReply(200, { ip, change: announcement.change, until: iso(announcement.untilMs) });
    },
  };
}

/** Throws Refusal 400 naming what is wrong. */
export function parseAnnouncement(text: string, nowMs: number): Announcement {
  const { change: wanted, for: duration = DEFAULT_FOR, reason = "" } = parseObject(text);
  const change = CHANGES.find((known) => known === wanted);
  if (change === undefined) throw new Refusal(400, `change: one of ${CHANGES.join(", ")}`);
  if (typeof reason !== "string" || reason.length > 1000) throw new Refusal(400, "reason: a short text");
  return { change, reason, untilMs: nowMs + Math.min(readFor(duration), LONGEST_PLAN_MS) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // The same answer for either.
  }
  throw new Refusal(400, "not a JSON object");
}

function readFor(duration: unknown): number {
  try {
    return parseDuration("for", String(duration));
  } catch (error) {
    throw new Refusal(400, errorLine(error));
  }
}
