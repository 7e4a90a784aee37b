import { expect, test } from "vitest";
import { chooseStrays } from "../../../../provisioner/fleet/quarantine.ts";
import { foundOf } from "../../../support/fleet-store.ts";

const MACHINES = [foundOf("here", "h1"), foundOf("there", "h2")];
const PRESENT = ["id-of-here", "id-of-there", "id-of-nobody"].map((machine) => ({ machine }));

const KNOWN = { machines: MACHINES, begun: [], here: "h1", isFenced: false };

test("what the store has on another host is a stray", () => {
  expect(chooseStrays(PRESENT, KNOWN)).toEqual([{ machine: "id-of-there" }]);
});

test("unless it is being made here just now", () => {
  expect(chooseStrays(PRESENT, { ...KNOWN, begun: ["id-of-there"] })).toEqual([]);
});

test("on a fenced host all that is known is; what nobody knows is an orphan, and for others to tell", () => {
  expect(chooseStrays(PRESENT, { ...KNOWN, begun: ["id-of-here"], isFenced: true })).toEqual([
    ...[{ machine: "id-of-here" }, { machine: "id-of-there" }],
  ]);
});
