import { expect, test } from "vitest";
import { ClientRates } from "../../../collector/client-rates.ts";
import { ManualClock } from "../../support/manual-clock.ts";

test("a minute's worth at once, then at the pace; others do not wait for it", async () => {
  const clock = new ManualClock();
  const rates = new ClientRates(100, clock);
  rates.charge("a", 6000);
  expect(rates.waitMs("a")).toBe(0);
  rates.charge("a", 500);
  expect([rates.waitMs("a"), rates.waitMs("b"), rates.refused]).toEqual([5000, 0, 1]);
  await clock.advance(4999);
  expect(rates.waitMs("a")).toBe(1);
  await clock.advance(1);
  expect(rates.waitMs("a")).toBe(0);
});

test("without a limit nothing is remembered", () => {
  const rates = new ClientRates(Number.POSITIVE_INFINITY, new ManualClock());
  rates.charge("a", 1e12);
  expect(rates.waitMs("a")).toBe(0);
});
