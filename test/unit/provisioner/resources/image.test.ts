import { expect, test } from "vitest";
import { image } from "../../../../provisioner/resources/image.ts";
import { MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);
const kinds = (steps: readonly { readonly kind: string }[]): readonly string[] =>
  steps.map(({ kind }) => kind);

test("fetched where a container is to be made of it, and kept", () => {
  const containers = ready.containers.map((each) => ({ ...each, isOfHolder: false }));

  expect(image.reach(NOTHING, MACHINE)).toMatchObject([{ kind: "fetchImage", image: "debian:12" }]);
  expect(image.reach({ ...ready, hasImage: false }, MACHINE)).toEqual([]);
  expect(kinds(image.reach({ ...ready, hasImage: false, containers }, MACHINE))).toEqual(["fetchImage"]);
  expect(image.remove(ready, MACHINE)).toEqual([]);
});
