import { expect, test } from "vitest";
import { parseLabels } from "../../../agent/identity-labels.ts";

const fail = (what: string): never => {
  throw new Error(what);
};

test("labels are taken, empty ones left out", () => {
  expect(parseLabels({ owner: "web", rack: "", zone_1: "ü" }, fail)).toEqual({ owner: "web", zone_1: "ü" });
  expect(parseLabels({}, fail)).toEqual({});
});

test.for<[unknown, string]>([
  [[], "must be a mapping of names to texts"],
  ["a=b", "must be a mapping of names to texts"],
  [{ "a-b": "1" }, '"a-b" is not a label name'],
  [{ __name__: "1" }, '"__name__" is not a label name'],
  [{ instance: "1" }, "instance is the agent's own"],
  [{ rack: 7 }, "rack must be a text"],
])("%j is refused", ([value, message]) => {
  expect(() => parseLabels(value, fail)).toThrow(message);
});
