import { afterAll, expect, test } from "vitest";
import { Forwarder } from "../../../../collector/forwarder.ts";
import { healthRoutes } from "../../../../collector/routes/health.ts";
import type { Delivery } from "../../../../core/metrics/delivery.ts";
import { openSpool } from "../../../../core/runtime/spool.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { ManualClock, settle } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

const clock = new ManualClock();
let answer: Delivery = { outcome: "retry", reason: "HTTP 503" };
const limits = { maxBytes: 1000, maxHeldBytes: 0, maxAgeMs: 1e9 };
const forwarder = new Forwarder({
  sink: {
    name: "test",
    join: () => new Uint8Array(),
    deliver: async () => answer,
    close: async () => {},
  },
  spool: await openSpool({ ...limits, sync: "never", clock, log: recordLog() }),
  maxSpoolBytes: 1000,
  clock,
  log: recordLog(),
  maxDeliveryBytes: 100,
});
afterAll(() => forwarder.close(0));
const [healthz, readyz] = healthRoutes([forwarder], clock);

async function ask(route: typeof healthz): Promise<string> {
  const { status, text } = await askRoute(route);
  return `${status} ${text.trim()}`;
}

test("ready until a sink has failed for a minute, and again when it is back", async () => {
  expect(await ask(readyz)).toBe('200 {"ready":true,"reasons":[]}');
  await forwarder.offer({ body: new Uint8Array(1), samples: 1, timeMs: clock.nowMs() });
  await clock.advance(59_000);
  expect(await ask(readyz)).toContain("200");
  await clock.advance(16_000);
  expect(await ask(readyz)).toBe(
    '503 {"ready":false,"reasons":["sink test: nothing delivered for 75 s: HTTP 503"]}',
  );
  expect(await ask(healthz)).toBe("200 ok");
  answer = { outcome: "delivered" };
  await clock.advance(30_000);
  await settle();
  expect(await ask(readyz)).toContain("200");
});
