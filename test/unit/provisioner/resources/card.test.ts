import { expect, test } from "vitest";
import { card } from "../../../../provisioner/resources/card.ts";
import { MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);
const kinds = (steps: readonly { readonly kind: string }[]): readonly string[] =>
  steps.map(({ kind }) => kind);

test("one that is not there is plugged, one that works is left alone", () => {
  expect(kinds(card.reach(NOTHING, MACHINE))).toEqual(["plugCard"]);
  expect(kinds(card.reach({ ...ready, card: undefined }, MACHINE))).toEqual(["plugCard"]);
  expect(card.reach(ready, MACHINE)).toEqual([]);
});

test("a holder that is not running has the card plugged again", () => {
  expect(kinds(card.reach({ ...ready, holder: { isRunning: false } }, MACHINE))).toEqual(["plugCard"]);
  expect(kinds(card.remove(ready, MACHINE))).toEqual(["unplugCard"]);
  expect(card.remove(NOTHING, MACHINE)).toEqual([]);
});
