import { expect, test } from "vitest";
import type { Observed } from "../../../../provisioner/resources/types.ts";
import { isDiskGone, planShrink, volume } from "../../../../provisioner/resources/volume.ts";
import { applySteps, MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);
const kinds = (steps: readonly { readonly kind: string }[]): readonly string[] =>
  steps.map(({ kind }) => kind);

test("created, mounted and grown, not made smaller by itself", () => {
  const larger = { ...MACHINE, disk: { ...MACHINE.disk, bytes: 2 ** 31 } };
  const smaller = { ...MACHINE, disk: { ...MACHINE.disk, bytes: 2 ** 29 } };

  expect(volume.reach(NOTHING, MACHINE)).toMatchObject([
    { kind: "createVolume", bytes: 2 ** 30, fileSystem: "xfs" },
    { kind: "mountVolume" },
  ]);
  expect(volume.reach(ready, larger)).toMatchObject([{ kind: "growVolume", bytes: 2 ** 31, from: 2 ** 30 }]);
  expect(volume.reach(ready, smaller)).toEqual([]);
});

test("made smaller, when that is asked for, and mounted again", () => {
  const smaller = { ...MACHINE, disk: { ...MACHINE.disk, bytes: 2 ** 29 } };
  const { steps, after } = planShrink(ready, smaller);

  expect(steps).toMatchObject([{ kind: "shrinkVolume", bytes: 2 ** 29, from: 2 ** 30 }]);
  expect(applySteps(steps, ready)).toEqual(after);
  expect(kinds(volume.reach(after, smaller))).toEqual(["mountVolume"]);
  expect(planShrink(ready, MACHINE)).toEqual({ steps: [], after: ready });
  expect(planShrink(NOTHING, MACHINE).steps).toEqual([]);
});

test("a machine that has lived never gets an empty disk in place of one that is gone", () => {
  const { volume: _, ...without } = ready;
  const mounted: Observed = { ...ready, volume: { bytes: 0, isMounted: true, isGone: true } };
  const reserved: Observed = { ...without, address: { text: "10.0.0.7", state: "reserved" } };

  for (const seen of [without, mounted]) {
    expect(isDiskGone(seen)).toBe(true);
    expect(volume.reach(seen, MACHINE)).toEqual([]);
  }
  for (const seen of [NOTHING, ready, reserved]) expect(isDiskGone(seen)).toBe(false);
  expect(kinds(volume.reach(reserved, MACHINE))).toEqual(["createVolume", "mountVolume"]);
  expect(kinds(volume.remove(mounted, MACHINE))).toEqual(["unmountVolume", "removeVolume"]);
});

test("unmounted where it is mounted, and removed", () => {
  expect(kinds(volume.remove(ready, MACHINE))).toEqual(["unmountVolume", "removeVolume"]);
  expect(kinds(volume.remove({ ...ready, volume: { bytes: 1, isMounted: false } }, MACHINE))).toEqual([
    "removeVolume",
  ]);
  expect(volume.remove(NOTHING, MACHINE)).toEqual([]);
});
