import { expect, test } from "vitest";
import { address } from "../../../../provisioner/resources/address.ts";
import { MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);
const kinds = (steps: readonly { readonly kind: string }[]): readonly string[] =>
  steps.map(({ kind }) => kind);

test("reserved when there is none, bound once the machine has proved itself, released at the end", () => {
  const wanted = { ...MACHINE, address: "10.0.0.9" };

  expect(address.reach(NOTHING, wanted)).toMatchObject([{ network: "front", address: "10.0.0.9" }]);
  expect(address.reach(ready, wanted)).toEqual([]);
  expect(kinds(address.settle?.(NOTHING, wanted) ?? [])).toEqual(["bindAddress"]);
  expect(address.settle?.(ready, wanted)).toEqual([]);
  expect(kinds(address.remove(ready, wanted))).toEqual(["releaseAddress"]);
  expect(address.remove(NOTHING, wanted)).toEqual([]);
});
