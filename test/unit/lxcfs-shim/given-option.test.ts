import { expect, test } from "vitest";
import { oneOf } from "../../../lxcfs-shim/given-option.ts";

test("is one of the choices, or nothing", () => {
  expect(oneOf(["a", "b"], "a letter", { option: "--x", value: "b" })).toBe("b");
  expect(oneOf(["a", "b"], "a letter", undefined)).toBeUndefined();
});

test("is named, and the choices are, where it is none of them", () => {
  expect(() => oneOf(["a", "b"], "a letter", { option: "--x", value: "c" })).toThrow(
    '--x: "c" is not a letter',
  );
});
