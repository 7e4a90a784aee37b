import { expect, test } from "vitest";
import { checkTextSize, overLimit } from "../../../../core/metrics/write-limits.ts";

test("what is over a limit says which", () => {
  expect(overLimit("series", 5)).toMatchObject({ code: "LIMIT", message: "more than 5 series" });
  expect(() => checkTextSize(5, 5)).not.toThrow();
  expect(() => checkTextSize(6, 5)).toThrow("6 bytes of text, at most 5 are taken");
});
