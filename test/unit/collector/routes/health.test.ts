import { expect, test } from "vitest";
import { healthRoutes } from "../../../../collector/routes/health.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const clock = new ManualClock();
const sink: { name: string; failing: { sinceMs: number; reason: string } | undefined } = {
  name: "test",
  failing: undefined,
};
const [healthz, readyz] = healthRoutes([sink], clock);

async function ask(route: typeof healthz): Promise<string> {
  const { status, text } = await askRoute(route);
  return `${status} ${text.trim()}`;
}

test("ready until a sink has failed for a minute, and again when it is back", async () => {
  expect(await ask(readyz)).toBe('200 {"ready":true,"reasons":[]}');
  sink.failing = { sinceMs: clock.monotonicMs(), reason: "HTTP 503" };
  await clock.advance(59_000);
  expect(await ask(readyz)).toContain("200");
  await clock.advance(16_000);
  expect(await ask(readyz)).toBe(
    '503 {"ready":false,"reasons":["sink test: nothing delivered for 75 s: HTTP 503"]}',
  );
  expect(await ask(healthz)).toBe("200 ok");
  sink.failing = undefined;
  expect(await ask(readyz)).toContain("200");
});
