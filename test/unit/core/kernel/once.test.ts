import { expect, it } from "vitest";
import { ofLast, once } from "../../../../core/kernel/once.ts";

it("makes its value at the first call and keeps it, undefined too", () => {
  let calls = 0;
  const value = once(() => {
    calls += 1;
    return undefined;
  });
  expect(calls).toBe(0);
  expect([value(), value()]).toEqual([undefined, undefined]);
  expect(calls).toBe(1);
});

it("keeps the result for the last argument alone", () => {
  const made: string[] = [];
  const upper = ofLast((text: string) => {
    made.push(text);
    return text.toUpperCase();
  });
  expect([upper("a"), upper("a"), upper("b"), upper("a")]).toEqual(["A", "A", "B", "A"]);
  expect(made).toEqual(["a", "b", "a"]);
});
