import { expect, test } from "vitest";
import { card } from "../../../../provisioner/resources/card.ts";
import { MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);
const kinds = (steps: readonly { readonly kind: string }[]): readonly string[] =>
  steps.map(({ kind }) => kind);

test("a new address is asked for before it is set, one that is bound is not", () => {
  const reserved = { text: "10.0.0.7", state: "reserved" as const };

  expect(kinds(card.reach(NOTHING, MACHINE))).toEqual(["plugCard", "probeAddress", "setAddress"]);
  expect(kinds(card.reach({ ...ready, card: undefined }, MACHINE))).toEqual(["plugCard", "setAddress"]);
  expect(card.reach({ ...ready, address: reserved }, MACHINE)).toEqual([]);
  expect(card.reach(ready, MACHINE)).toEqual([]);
});

test("a holder that is not running has the card plugged again", () => {
  expect(kinds(card.reach({ ...ready, holder: { isRunning: false } }, MACHINE))).toEqual([
    "plugCard",
    "setAddress",
  ]);
  expect(kinds(card.remove(ready, MACHINE))).toEqual(["unplugCard"]);
  expect(card.remove(NOTHING, MACHINE)).toEqual([]);
});
