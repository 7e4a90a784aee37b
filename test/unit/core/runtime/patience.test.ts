import { expect, test } from "vitest";
import { LATE, withPatience } from "../../../../core/runtime/patience.ts";

test("what comes in time comes through, what fails fails", async () => {
  expect(await withPatience(Promise.resolve(7), 10_000)).toBe(7);
  await expect(withPatience(Promise.reject(new Error("no")), 10_000)).rejects.toThrow("no");
});

test("what does not come is late", async () => {
  expect(await withPatience(new Promise(() => {}), 5)).toBe(LATE);
});
