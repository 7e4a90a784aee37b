import { expect, test } from "vitest";
import { container } from "../../../../provisioner/resources/container.ts";
import type { Observed, ObservedContainer } from "../../../../provisioner/resources/types.ts";
import { MACHINE, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);
const kinds = (steps: readonly { readonly kind: string }[]): readonly string[] =>
  steps.map(({ kind }) => kind);

/** The machine with its container in another state. */
const withContainer = (changes: Partial<ObservedContainer>): Observed => ({
  ...ready,
  containers: ready.containers.map((each) => ({ ...each, ...changes })),
});

test("one whose holder is gone is made anew, one whose holder was restarted is restarted", () => {
  const orphan = withContainer({ isOfHolder: false, isInPlace: false });
  const stranded = withContainer({ isInPlace: false });

  expect(kinds(container.reach({ ...ready, containers: [] }, MACHINE))).toEqual([
    "createContainer",
    "startContainer",
  ]);
  expect(kinds(container.reach(orphan, MACHINE))).toEqual([
    "removeContainer",
    "createContainer",
    "startContainer",
  ]);
  expect(kinds(container.reach(stranded, MACHINE))).toEqual(["stopContainer", "startContainer"]);
});

test("a rebuild stops the old one between making and starting the new one, and keeps it", () => {
  const wanted = { ...MACHINE, generation: 2 };

  expect(kinds(container.reach(ready, wanted))).toEqual([
    "createContainer",
    "stopContainer",
    "startContainer",
  ]);
  expect(container.settle?.(ready, wanted)).toMatchObject([{ kind: "removeContainer", generation: 1 }]);
});

test("power and limits change in place", () => {
  const limits = { ...MACHINE.limits, memoryBytes: 2 ** 30 };

  expect(kinds(container.reach(ready, { ...MACHINE, power: "off" }))).toEqual(["stopContainer"]);
  expect(container.reach(ready, { ...MACHINE, limits })).toMatchObject([
    { kind: "updateLimits", limits, was: MACHINE.limits },
  ]);
  expect(kinds(container.remove(ready, MACHINE))).toEqual(["stopContainer", "removeContainer"]);
});
