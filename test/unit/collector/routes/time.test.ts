import { expect, test } from "vitest";
import { iso, readDuration, readRange } from "../../../../collector/routes/time.ts";

const NOW = Date.UTC(2026, 0, 8);
const range = (text: string) => {
  const { fromMs, toMs } = readRange(new URLSearchParams(text), NOW, 60_000);
  return [iso(fromMs), iso(toMs)];
};

test("dates, seconds since 1970, how long ago", () => {
  const now = "2026-01-08T00:00:00.000Z";
  expect(range("")).toEqual(["2026-01-07T23:59:00.000Z", now]);
  expect(range("from=7d")).toEqual(["2026-01-01T00:00:00.000Z", now]);
  expect(range("from=2026-01-02T00:00:00Z&to=1d")).toEqual([
    "2026-01-02T00:00:00.000Z",
    "2026-01-07T00:00:00.000Z",
  ]);
  expect(range("from=1767225600.5")).toEqual(["2026-01-01T00:00:00.500Z", now]);
});

test("what is not a time is refused by name", () => {
  expect(() => range("from=soon")).toThrow('from: "soon" is not a duration');
  expect(() => range("from=1h&to=2h")).toThrow("from: is not before to");
  expect(readDuration(new URLSearchParams("step=5m"), "step")).toBe(300_000);
  expect(readDuration(new URLSearchParams(), "step")).toBeUndefined();
  expect(() => readDuration(new URLSearchParams("step="), "step")).toThrow("step:");
});
