import { expect, test } from "vitest";
import { findCommand } from "../../../../provisioner/up/preflight.ts";

test("finds a command where the PATH says it is, and nothing else", () => {
  expect(findCommand("sh")).toMatch(/\/sh$/);
  expect(findCommand("plimsoll-no-such-command")).toBeUndefined();
});
