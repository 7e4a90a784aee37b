import { expect, test } from "vitest";
import { renderFinding } from "../../../../collector/operate/finding.ts";

test("a line, with what to do", () => {
  expect(renderFinding({ state: "ok", what: "a" })).toBe("ok     a\n");
  expect(renderFinding({ state: "wrong", what: "b", hint: "c" })).toBe("wrong  b (hint: c)\n");
});
