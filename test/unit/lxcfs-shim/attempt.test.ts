import { expect, test } from "vitest";
import { attempt } from "../../../lxcfs-shim/attempt.ts";

test("what can be had is given, what throws is undefined", () => {
  expect(attempt(() => 7)).toBe(7);
  expect(
    attempt(() => {
      throw new Error("gone");
    }),
  ).toBeUndefined();
});
