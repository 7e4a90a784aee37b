import { expect, test } from "vitest";
import { jsonReply, Refusal, textReply } from "../../../../collector/http/route.ts";

test("every text is a line", () => {
  expect(textReply(404, "no", { allow: "GET" })).toEqual({
    status: 404,
    headers: { "content-type": "text/plain; charset=utf-8", allow: "GET" },
    body: "no\n",
  });
});

test("JSON", () => {
  expect(jsonReply(200, { a: [1] }).body).toBe('{"a":[1]}\n');
});

test("a refusal is an error with a status", () => {
  const refusal = new Refusal(413, "too large");
  expect(refusal).toBeInstanceOf(Error);
  expect([refusal.status, refusal.message, refusal.headers]).toEqual([413, "too large", {}]);
});
