import { expect, test } from "vitest";
import { parse } from "yaml";
import { renderYaml } from "../../../../../provisioner/registry/server/render-yaml.ts";

test("what another's parser reads is what was meant", () => {
  const value = {
    text: 'a: "b" # c\n\\',
    number: 0.1,
    yes: true,
    list: ["a", "- b", "c: d"],
    none: [],
    inner: { deeper: { "X-Header": ["nosniff"] } },
    items: [
      { name: "one", headers: { Authorization: ["Bearer x"] } },
      { name: "two", on: "off" },
    ],
  };
  expect(parse(renderYaml(value))).toEqual(value);
  expect(parse(renderYaml({ a: undefined, b: "x" }))).toEqual({ b: "x" });
});
