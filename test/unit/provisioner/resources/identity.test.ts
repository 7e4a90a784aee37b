import { expect, test } from "vitest";
import { identity } from "../../../../provisioner/resources/identity.ts";
import { MACHINE, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);
const kinds = (steps: readonly { readonly kind: string }[]): readonly string[] =>
  steps.map(({ kind }) => kind);

test.for([
  ["a label", { ...MACHINE, labels: { team: "other" } }],
  ["one label more", { ...MACHINE, labels: { team: "shop", rack: "7" } }],
  ["no label", { ...MACHINE, labels: {} }],
  ["the type", { ...MACHINE, type: "db" }],
  ["the generation", { ...MACHINE, generation: 2 }],
] as const)("%s that differs has it written, and what was is known", ([, wanted]) => {
  expect(identity.reach(ready, MACHINE)).toEqual([]);
  expect(identity.reach(ready, wanted)).toMatchObject([
    { kind: "writeIdentity", was: { generation: 1, type: "container", labels: { team: "shop" } } },
  ]);
});

test("another address has it written as well", () => {
  const moved = { ...ready, address: { text: "10.0.0.8", state: "bound" as const } };

  expect(kinds(identity.reach(moved, MACHINE))).toEqual(["writeIdentity"]);
  expect(kinds(identity.remove(ready, MACHINE))).toEqual(["removeIdentity"]);
});
