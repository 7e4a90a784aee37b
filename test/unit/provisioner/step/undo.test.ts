import { expect, test } from "vitest";
import { planMachine, planRemoval } from "../../../../provisioner/plan/plan.ts";
import { countRevocable, planUndo } from "../../../../provisioner/step/undo.ts";
import { MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);

test("a creation can be taken back whole, last step first", () => {
  const steps = planMachine(NOTHING, MACHINE);

  expect(countRevocable(steps)).toBe(steps.length);
  expect(planUndo(steps).map(({ kind }) => kind)).toEqual([
    "stopContainer",
    "removeContainer",
    "removeIdentity",
    "unmountVolume",
    "removeVolume",
    "unplugCard",
    "removeHolder",
    "releaseAddress",
  ]);
});

test("a removal can be taken back until something is gone", () => {
  const steps = planRemoval(ready, MACHINE);

  expect(steps[countRevocable(steps)]?.kind).toBe("removeContainer");
  expect(planUndo(steps.slice(0, 1))).toMatchObject([{ kind: "startContainer", generation: 1 }]);
});

test("a change is taken back to what was", () => {
  const limits = { ...MACHINE.limits, cpus: 2 };
  const [update] = planUndo(planMachine(ready, { ...MACHINE, limits }));
  const [identity] = planUndo(planMachine(ready, { ...MACHINE, type: "db" }));

  expect(update).toMatchObject({ kind: "updateLimits", limits: MACHINE.limits, was: limits });
  expect(identity).toMatchObject({
    kind: "writeIdentity",
    identity: { type: "container" },
    was: { type: "db" },
  });
});
