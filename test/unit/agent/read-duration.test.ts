import { expect, test } from "vitest";
import { readDuration } from "../../../agent/read-duration.ts";
import { failing } from "../../../core/runtime/options.ts";

const fail = failing({ option: "push: timeout", value: {} });

test("a duration in milliseconds; a number or another text is none", () => {
  expect(readDuration("1.5s", fail)).toBe(1500);
  expect(() => readDuration(5, fail)).toThrow("push: timeout: must be a duration, e.g. 10s");
  expect(() => readDuration("5", fail)).toThrow('push: timeout: "5" is not a duration');
});
