import { expect, test } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import { parseFilter } from "../../../../../provisioner/registry/replication/filter.ts";

const NAMES = ["app", "team/app", "team/sub/app", "team/app.old", "v1.0", "v10"];
const chosen = (...patterns: readonly string[]): readonly string[] =>
  NAMES.filter(parseFilter("tags", patterns));

test("globs, regular expressions and exclusions", () => {
  expect(chosen()).toEqual(NAMES);
  expect(chosen("team/*")).toEqual(["team/app", "team/app.old"]);
  expect(chosen("team/**")).toEqual(["team/app", "team/sub/app", "team/app.old"]);
  expect(chosen("v1.?")).toEqual(["v1.0"]);
  expect(chosen("/^v[0-9]+$/")).toEqual(["v10"]);
  expect(chosen("!**/*.old", "!v*")).toEqual(["app", "team/app", "team/sub/app"]);
  expect(chosen("team/**", "!team/app", "app")).toEqual(["app", "team/sub/app", "team/app.old"]);
});

test("what is no regular expression is refused", () => {
  expect(() => parseFilter("rules.a.tags", ["/(/"])).toThrow(UsageError);
});
