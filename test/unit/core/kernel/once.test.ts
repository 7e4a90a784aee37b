import { expect, it } from "vitest";
import { once } from "../../../../core/kernel/once.ts";

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
