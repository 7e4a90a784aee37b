import type { Delivery } from "./delivery.ts";

/** The beginning of an error page is enough for a log line. */
const REASON_LENGTH = 300;

/**
 * What a receiver's answer means, by the rule most push protocols share: 2xx is done, 429 and 5xx may
 * be tried again, anything else would be refused again. `body` is for people and never parsed.
 */
export function judgeResponse(
  status: number,
  retryAfter: string | undefined,
  body: string,
  nowMs: number,
): Delivery {
  if (status >= 200 && status < 300) return { outcome: "delivered" };
  const said = body.slice(0, REASON_LENGTH).replaceAll(/\s+/g, " ").trim();
  const reason = said === "" ? `HTTP ${status}` : `HTTP ${status}: ${said}`;
  if (status < 500 && status !== 429) return { outcome: "refused", reason };
  const afterMs = parseRetryAfter(retryAfter, nowMs);
  return { outcome: "retry", reason, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** RFC 9110 §10.2.3: seconds, or a date. Anything else is as if it were not there. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
