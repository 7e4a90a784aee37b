import { expect, test } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import { parseRules } from "../../../../../provisioner/registry/replication/rules.ts";
import { chooseTags, parseRetention } from "../../../../../provisioner/registry/retention/rules.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 31);
const registries = { east: { url: "http://east" } };

function choose(
  rule: object,
  ages: Record<string, number | undefined>,
): readonly [string[], readonly string[]] {
  const [parsed] = parseRetention("file", { registries, retention: { r: { registry: "east", ...rule } } });
  if (parsed === undefined) throw new Error("no rule");
  const tags = new Map(Object.keys(ages).map((tag) => [tag, `sha256:${tag}`]));
  const manifests = new Map(
    Object.entries(ages).map(([tag, days]) => [
      `sha256:${tag}`,
      { children: [], blobs: [], createdMs: days === undefined ? undefined : NOW - days * DAY },
    ]),
  );
  const { old, ageless } = chooseTags(parsed, { repository: "app", tags, manifests }, NOW);
  return [[...old].sort(), ageless];
}

test("the last ones, by age, or both", () => {
  const ages = { v1: 40, v2: 20, v3: 10, v4: 1 };
  expect(choose({ keepLast: 3 }, ages)[0]).toEqual(["v1"]);
  expect(choose({ keepFor: "15d" }, ages)[0]).toEqual(["v1", "v2"]);
  expect(choose({ keepLast: 1, keepFor: "15d" }, ages)[0]).toEqual(["v1", "v2"]);
  expect(choose({ keepLast: 3, keepFor: "1d" }, ages)[0]).toEqual(["v1"]);
});

test("only tags that are meant count; those of unknown age and signatures stay", () => {
  const ages = { v1: 9, "pr-1": 8, "pr-2": 7, "pr-3": undefined, [`sha256-${"0".repeat(64)}.sig`]: 99 };
  expect(choose({ keepLast: 1, tags: "pr-*" }, ages)).toEqual([["pr-1"], ["pr-3"]]);
  expect(choose({ keepLast: 1, tags: "!/^v/" }, ages)[0]).toEqual(["pr-1"]);
});

test("of one age, the greater number is the newer one", () => {
  expect(choose({ keepLast: 2 }, { v9: 1, v10: 1, v11: 1 })[0]).toEqual(["v9"]);
});

test("it stands beside rules that copy", () => {
  const values = { registries, retention: { r: { registry: "east", keepLast: 1 } } };
  expect(parseRules("file", values)).toEqual([]);
});

test.for([
  [{ registry: "east" }, "retention.r: keepLast or keepFor is needed"],
  [{ registry: "west", keepLast: 1 }, "is not one of the registries"],
  [{ registry: "east", keepLast: -1 }, "is not a number from 0"],
  [{ registry: "east", keepFor: "long" }, "is not a duration"],
  [{ registry: "east", keepLast: 1, tags: "/(/" }, "is not a regular expression"],
  [{ registry: "east", keep: 1 }, "unknown option"],
] as const)("%j is refused: %s", ([rule, message]) => {
  const parse = () => parseRetention("file", { registries, retention: { r: rule } });
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(message);
});
