import { expect, test } from "vitest";
import { finding, wrong } from "../../../../../provisioner/host/checks/finding.ts";

test("what is met, and what is not", () => {
  const otherwise = { state: "note", what: "slow", hint: "hurry" } as const;

  expect(finding(true, "fast", otherwise)).toEqual({ state: "ok", what: "fast" });
  expect(finding(false, "fast", otherwise)).toBe(otherwise);
  expect(wrong({ problem: "gone" })).toEqual({ state: "wrong", what: "gone" });
  expect(wrong({ problem: "gone", hint: "look" })).toEqual({ state: "wrong", what: "gone", hint: "look" });
});
