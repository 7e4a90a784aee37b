import { expect, test } from "vitest";
import { describeErrors } from "../../../../provisioner/registry/registry-error.ts";

test("codes and messages of a registry's errors; any other page as it is, in one line", () => {
  expect(describeErrors('{"errors":[{"code":"DENIED","message":"no"},{"code":"UNSUPPORTED"}]}')).toBe(
    "DENIED: no; UNSUPPORTED",
  );
  expect(describeErrors("<html>\n  bad gateway")).toBe("<html> bad gateway");
  expect(describeErrors("{}")).toBe("{}");
  expect(describeErrors("x".repeat(10_000))).toHaveLength(300);
});
