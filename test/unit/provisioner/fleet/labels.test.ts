import { expect, test } from "vitest";
import { findMissingLabel } from "../../../../provisioner/fleet/labels.ts";

test("all the labels that are wanted, or the first that is not there", () => {
  expect(findMissingLabel({ rack: "a", disk: "ssd" }, { rack: "a" })).toBeUndefined();
  expect(findMissingLabel({}, {})).toBeUndefined();
  expect(findMissingLabel({ rack: "a" }, { rack: "a", disk: "ssd" })).toEqual(["disk", "ssd"]);
  expect(findMissingLabel({ rack: "a" }, { rack: "b" })).toEqual(["rack", "b"]);
});
