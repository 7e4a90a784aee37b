import { expect, test } from "vitest";
import { judgeResponse, parseRetryAfter } from "../../../../core/metrics/http-delivery.ts";

const NOW_MS = Date.UTC(2026, 0, 1);

test("2xx is done, 429 and 5xx may be tried again, the rest is refused", () => {
  const f = (status: number): string => judgeResponse(status, undefined, "", NOW_MS).outcome;
  expect([200, 204, 301, 400, 404, 415, 429, 500, 503].map(f)).toEqual([
    "delivered",
    "delivered",
    "refused",
    "refused",
    "refused",
    "refused",
    "retry",
    "retry",
    "retry",
  ]);
});

test("the reason is the beginning of what the receiver says, in one line", () => {
  expect(judgeResponse(400, undefined, " out of\n  order \n", NOW_MS)).toEqual({
    outcome: "refused",
    reason: "HTTP 400: out of order",
  });
  expect(judgeResponse(500, undefined, "x".repeat(10_000), NOW_MS)).toEqual({
    outcome: "retry",
    reason: `HTTP 500: ${"x".repeat(300)}`,
  });
  expect(judgeResponse(503, "7", "", NOW_MS)).toEqual({
    outcome: "retry",
    reason: "HTTP 503",
    afterMs: 7000,
  });
});

test("Retry-After is seconds or a date", () => {
  const f = (text: string | undefined): number | undefined => parseRetryAfter(text, NOW_MS);
  expect(f(undefined)).toBeUndefined();
  expect(f("120")).toBe(120_000);
  expect(f("Thu, 01 Jan 2026 00:00:30 GMT")).toBe(30_000);
  expect(f("Wed, 31 Dec 2025 00:00:00 GMT")).toBe(0);
  expect(f("soon")).toBeUndefined();
});
