import { expect, test } from "vitest";
import { NotFoundError, UsageError } from "../../../../core/runtime/errors.ts";
import { chooseRules } from "../../../../provisioner/registry/choose-rules.ts";

test("by name, or all of them", () => {
  const rules = [{ name: "a" }, { name: "b" }];
  expect(chooseRules(rules, ["b"], false)).toEqual([{ name: "b" }]);
  expect(chooseRules(rules, [], true)).toEqual(rules);
  expect(() => chooseRules(rules, [], false)).toThrow(UsageError);
  expect(() => chooseRules(rules, ["a"], true)).toThrow(UsageError);
  expect(() => chooseRules(rules, ["c"], false)).toThrow(NotFoundError);
});
