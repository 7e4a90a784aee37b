import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  parseWarmRules,
  readWarmRules,
  type WarmRule,
} from "../../../../../provisioner/images/warm/rules.ts";
import { parseRules } from "../../../../../provisioner/registry/replication/rules.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const REGISTRIES = { east: { url: "https://registry.east.example:5000" } };

function parse(rule: object): WarmRule | undefined {
  return parseWarmRules("registry.yaml", {
    registries: REGISTRIES,
    warm: { base: { registry: "east", ...rule } },
  })[0];
}

test("a rule says which images, and on which hosts", () => {
  expect(parse({})).toMatchObject({
    ...{ name: "base", as: "registry.east.example:5000", labels: [], hostLabels: {}, parallel: 4 },
    ...{ top: undefined, everyMs: undefined, policyFile: undefined },
  });
  expect(
    parse({
      tags: "v*",
      labels: ["team=web"],
      top: 3,
      hosts: "rack=a",
      every: "1h",
      as: "docker.io/library",
    }),
  ).toMatchObject({
    labels: ["team=web"],
    top: 3,
    hostLabels: { rack: "a" },
    everyMs: 3_600_000,
    as: "docker.io/library",
  });
});

test("it stands beside the rules of replication", async () => {
  const values = { registries: REGISTRIES, warm: { base: { registry: "east" } }, rules: {} };
  const file = join(cleanup.temporaryFolder(), "registry.json");
  writeFileSync(file, JSON.stringify(values));

  expect(parseRules(file, values)).toEqual([]);
  expect((await readWarmRules(file)).map(({ name }) => name)).toEqual(["base"]);
});

test.each<[string, object, string]>([
  ["no registry", { registry: undefined }, "warm.base.registry: is needed"],
  ["another registry", { registry: "west" }, "warm.base.registry: is not one of the registries"],
  ["what is not known", { tag: "v1" }, 'unknown option "warm.base.tag"'],
  ["a label without a value", { labels: ["team"] }, "warm.base.labels: must be NAME=VALUE"],
  ["hosts without a value", { hosts: ["rack="] }, "warm.base.hosts: must be NAME=VALUE"],
  ["none at the top", { top: 0 }, "warm.base.top: 0 is not a number from 1 to 1000"],
  ["a time", { every: "often" }, 'warm.base.every: "often" is not a duration'],
  ["a name that is none", { as: "a b" }, 'warm.base.as: "a b" is not what the name of an image begins with'],
  ["a pattern", { tags: ["/(/"] }, 'warm.base.tags: "/(/" is not a regular expression'],
  ["a policy from here", { policy: "p.yaml" }, 'warm.base.policy: "p.yaml" does not begin with /'],
])("%s is told in one line", (_, rule, message) => {
  expect(() => parse(rule)).toThrow(message);
});

test("a rule's name is part of a key", () => {
  const parseNamed = (): unknown =>
    parseWarmRules("registry.yaml", { registries: REGISTRIES, warm: { "a/b": { registry: "east" } } });

  expect(parseNamed).toThrow('"a/b" is not a rule\'s name');
});
