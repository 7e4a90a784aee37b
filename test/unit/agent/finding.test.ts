import { expect, test } from "vitest";
import { renderFinding } from "../../../agent/finding.ts";

test("a finding is a line that says what to do", () => {
  expect(renderFinding({ state: "ok", what: "well" })).toBe("ok     well\n");
  expect(renderFinding({ state: "wrong", what: "ill", hint: "rest" })).toBe("wrong  ill (hint: rest)\n");
});
