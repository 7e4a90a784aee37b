import { expect, test } from "vitest";
import { holder } from "../../../../provisioner/resources/holder.ts";
import { MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);
const kinds = (steps: readonly { readonly kind: string }[]): readonly string[] =>
  steps.map(({ kind }) => kind);

test("created, started, and only started when it is there", () => {
  expect(kinds(holder.reach(NOTHING, MACHINE))).toEqual(["createHolder", "startHolder"]);
  expect(kinds(holder.reach({ ...ready, holder: { isRunning: false } }, MACHINE))).toEqual(["startHolder"]);
  expect(holder.reach(ready, MACHINE)).toEqual([]);
  expect(kinds(holder.remove(ready, MACHINE))).toEqual(["removeHolder"]);
  expect(holder.remove(NOTHING, MACHINE)).toEqual([]);
});
