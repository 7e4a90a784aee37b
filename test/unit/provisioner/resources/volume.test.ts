import { expect, test } from "vitest";
import { volume } from "../../../../provisioner/resources/volume.ts";
import { MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);
const kinds = (steps: readonly { readonly kind: string }[]): readonly string[] =>
  steps.map(({ kind }) => kind);

test("created, mounted and grown, never shrunk", () => {
  const larger = { ...MACHINE, disk: { ...MACHINE.disk, bytes: 2 ** 31 } };
  const smaller = { ...MACHINE, disk: { ...MACHINE.disk, bytes: 2 ** 29 } };

  expect(volume.reach(NOTHING, MACHINE)).toMatchObject([
    { kind: "createVolume", bytes: 2 ** 30, fileSystem: "xfs" },
    { kind: "mountVolume" },
  ]);
  expect(volume.reach(ready, larger)).toMatchObject([{ kind: "growVolume", bytes: 2 ** 31, from: 2 ** 30 }]);
  expect(volume.reach(ready, smaller)).toEqual([]);
});

test("unmounted where it is mounted, and removed", () => {
  expect(kinds(volume.remove(ready, MACHINE))).toEqual(["unmountVolume", "removeVolume"]);
  expect(kinds(volume.remove({ ...ready, volume: { bytes: 1, isMounted: false } }, MACHINE))).toEqual([
    "removeVolume",
  ]);
  expect(volume.remove(NOTHING, MACHINE)).toEqual([]);
});
