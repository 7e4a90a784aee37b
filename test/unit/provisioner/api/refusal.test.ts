import { expect, test } from "vitest";
import { NotFoundError, PlimsollError, UsageError } from "../../../../core/runtime/errors.ts";
import { decodeRefusal, encodeRefusal } from "../../../../provisioner/api/refusal.ts";

test.for([
  new UsageError("--cpus: 9", { hint: "write 1" }),
  new NotFoundError("container web: not found"),
  new PlimsollError("BUSY", "container web: its resize has not ended", { hint: "later" }),
])("who asked meets what was thrown: %s", (error) => {
  const met = decodeRefusal(JSON.parse(JSON.stringify(encodeRefusal(error))));

  expect(met).toBeInstanceOf(error.constructor);
  expect(met).toMatchObject({ code: error.code, message: error.message, hint: error.hint });
});

test("its cause is told in the line, and of a bug nothing", () => {
  const error = new PlimsollError("STORE", "store x: no answer", { cause: new Error("reset") });

  expect(encodeRefusal(error)).toMatchObject({ error: "store x: no answer: reset", code: "STORE" });
  expect(encodeRefusal(new Error("BUG: secret"))).toEqual({ error: "internal error", code: "BUG" });
});
