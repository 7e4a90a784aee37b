import { expect, test } from "vitest";
import { presence } from "../../../../provisioner/resources/presence.ts";
import type { Observed } from "../../../../provisioner/resources/types.ts";
import { MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";

const ready = observedOf(MACHINE);
const reach = (observed: Observed): readonly string[] =>
  presence.reach(observed, MACHINE).map(({ kind }) => kind);

test("a new address is asked for before it is set, one that is bound is not", () => {
  const reserved = { text: "10.0.0.7", state: "reserved" as const };

  expect(reach(NOTHING)).toEqual(["probeAddress", "setAddress"]);
  expect(reach({ ...ready, card: undefined })).toEqual(["setAddress"]);
  expect(reach({ ...ready, card: { isPlugged: true, hasAddress: false } })).toEqual(["setAddress"]);
  expect(reach({ ...ready, address: reserved })).toEqual([]);
  expect(reach(ready)).toEqual([]);
});

test("in a holder that was restarted it is set again; with the card it goes", () => {
  expect(reach({ ...ready, holder: { isRunning: false } })).toEqual(["setAddress"]);
  expect(presence.remove(ready, MACHINE)).toEqual([]);
});
