import { expect, test } from "vitest";
import { parseDuration } from "../../../../core/runtime/duration.ts";

test.each([
  ["100ms", 100],
  ["10s", 10_000],
  ["1.5s", 1500],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["7d", 604_800_000],
])("%s", (text, ms) => {
  expect(parseDuration("--interval", text)).toBe(ms);
});

test.each(["", "10", "s", "-1s", "0s", "1 s", "1w", "1e3s", "Infinitys"])(
  "%j is refused, naming the option",
  (text) => {
    expect(() => parseDuration("--interval", text)).toThrow(/^--interval: .* is not a duration/);
  },
);
