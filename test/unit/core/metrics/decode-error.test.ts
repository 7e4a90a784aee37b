import { expect, test } from "vitest";
import { DecodeError } from "../../../../core/metrics/decode-error.ts";

test("seen from further out it says where, and keeps its code", () => {
  const error = new DecodeError("LIMIT", "more than 2 labels").within("up").within("series 3");
  expect(error).toBeInstanceOf(DecodeError);
  expect([error.code, error.message]).toEqual(["LIMIT", "series 3: up: more than 2 labels"]);
});
