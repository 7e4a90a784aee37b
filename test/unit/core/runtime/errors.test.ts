import { expect, test } from "vitest";
import { bug, errnoOf, errorLine, PlimsollError, UsageError } from "../../../../core/runtime/errors.ts";

test("one line: the message, what its causes add, the hint last", () => {
  const cause = new Error("EACCES: permission denied\n  at somewhere");
  const error = new PlimsollError("X", "shim: cannot mount", { cause, hint: "run it as root" });

  expect(errorLine(error)).toBe(
    "shim: cannot mount: EACCES: permission denied at somewhere (hint: run it as root)",
  );
});

test("a cause that repeats the message is not said twice, and a long chain is cut", () => {
  const chain = ["a", "b", "c", "d", "e"].reduceRight<Error | undefined>(
    (cause, message) => new Error(message, cause === undefined ? {} : { cause }),
    undefined,
  );

  expect(errorLine(new Error("x: no", { cause: new Error("no") }))).toBe("x: no");
  expect(errorLine(chain)).toBe("a: b: c: d");
});

test("a cause that is its own cause ends", () => {
  const error = new Error("loop");
  error.cause = error;

  expect(errorLine(error)).toBe("loop");
});

test("anything thrown makes a line", () => {
  expect(errorLine("text")).toBe("text");
  expect(errorLine(7)).toBe("7");
  expect(errorLine(undefined)).toBe("");
});

test("errno of system errors only", () => {
  expect(errnoOf(Object.assign(new Error("x"), { code: "ENOENT" }))).toBe("ENOENT");
  expect(errnoOf(Object.assign(new Error("x"), { code: 5 }))).toBeUndefined();
  expect(errnoOf(new Error("x"))).toBeUndefined();
  expect(errnoOf({ code: "ENOENT" })).toBeUndefined();
});

test("a usage error is an operating error, a bug is neither", () => {
  expect(new UsageError("x")).toBeInstanceOf(PlimsollError);
  expect(() => bug("impossible")).toThrow(/^BUG: impossible$/);
  expect(() => bug("impossible")).not.toThrow(PlimsollError);
});
