import fc from "fast-check";
import { expect, test } from "vitest";
import { offsetMs, planNextTickMs } from "../../../agent/schedule.ts";

test("ticks are aligned to the clock and shifted by the offset", () => {
  expect(planNextTickMs(100_000, 10_000, 0)).toBe(10_000);
  expect(planNextTickMs(103_000, 10_000, 0)).toBe(7000);
  expect(planNextTickMs(103_000, 10_000, 2500)).toBe(9500);
});

test("a timer that fires early does not take its tick twice", () => {
  expect(planNextTickMs(99_999, 10_000, 0)).toBe(10_001);
});

test("every wait ends on a tick, and lasts between half and one and a half intervals", () => {
  const whole = fc.integer({ min: 0, max: 2 ** 42 });
  const interval = fc.integer({ min: 100, max: 3_600_000 });
  fc.assert(
    fc.property(
      whole,
      interval,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (now, every, part) => {
        const offset = Math.floor(every * part);
        const wait = planNextTickMs(now, every, offset);

        expect((now + wait - offset) % every).toBe(0);
        expect(wait).toBeGreaterThanOrEqual(every / 2);
        expect(wait).toBeLessThanOrEqual(every * 1.5);
      },
    ),
  );
});

test("neighbouring addresses are spread evenly over the interval", () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let host = 0; host < 1000; host++) {
    const place = offsetMs(`10.0.${host >> 8}.${host & 255}`, 10_000);
    tenths[Math.floor(place / 1000)] = (tenths[Math.floor(place / 1000)] ?? 0) + 1;
  }

  expect(tenths).toHaveLength(10);
  expect(Math.min(...tenths)).toBeGreaterThan(50);
  expect(Math.max(...tenths)).toBeLessThan(200);
});
