import { expect, test } from "vitest";
import { forecast } from "../../../../collector/capacity/trend.ts";

const [QUARTER_MS, DAY_MS] = [900_000, 86_400_000];
const NOW_MS = Date.UTC(2026, 0, 8);

/** A week up to now. */
function week(value: (day: number, slot: number) => number, days = 7) {
  const count = (days * DAY_MS) / QUARTER_MS;
  const times = Array.from({ length: count }, (_, i) => NOW_MS - (count - 1 - i) * QUARTER_MS);
  return { times, values: times.map((time, i) => value((time - NOW_MS) / DAY_MS, i)) };
}

/** The same each time, between -1 and 1. */
function noise(slot: number): number {
  const x = Math.sin(slot * 12.9898) * 43_758.5453;
  return (x - Math.floor(x)) * 2 - 1;
}

test("a line is gone on with", () => {
  const found = forecast(
    week((day) => 80 + 2 * day),
    100,
    NOW_MS,
  );
  expect(found?.perDay).toBeCloseTo(2, 6);
  expect(found?.days).toBeCloseTo(10, 1);
});

test("neither noise, nor days and nights, nor a backup moves it", () => {
  const daily = (day: number): number => 5 * Math.sin(day * 2 * Math.PI);
  const wild = week((day, slot) => 80 + 2 * day + daily(day) + noise(slot) + (slot % 97 < 6 ? 500 : 0));
  expect(forecast(wild, 100, NOW_MS)?.days).toBeGreaterThan(7);
  expect(forecast(wild, 100, NOW_MS)?.days).toBeLessThan(13);
});

test("what does not grow is never full", () => {
  expect(
    forecast(
      week(() => 80),
      100,
      NOW_MS,
    ),
  ).toBeUndefined();
  expect(
    forecast(
      week((day) => 80 - day),
      100,
      NOW_MS,
    ),
  ).toBeUndefined();
  expect(
    forecast(
      week((day, slot) => 80 + noise(slot) + 3 * Math.sin(day * 2 * Math.PI)),
      100,
      NOW_MS,
    ),
  ).toBeUndefined();
});

test("full already is now, in more than a year is never, after a day nobody knows", () => {
  expect(
    forecast(
      week((day) => 110 + day),
      100,
      NOW_MS,
    )?.days,
  ).toBe(0);
  expect(
    forecast(
      week((day) => 50 + day / 100),
      100,
      NOW_MS,
    ),
  ).toBeUndefined();
  expect(
    forecast(
      week((day) => 80 + 2 * day, 1),
      100,
      NOW_MS,
    ),
  ).toBeUndefined();
  expect(forecast({ times: [], values: [] }, 100, NOW_MS)).toBeUndefined();
});
