import { expect, test } from "vitest";
import { chooseStrays } from "../../../../provisioner/fleet/quarantine.ts";
import { foundOf } from "../../../support/fleet-store.ts";

const MACHINES = [foundOf("here", "h1"), foundOf("there", "h2")];
const PRESENT = ["id-of-here", "id-of-there", "id-of-nobody"].map((machine) => ({ machine }));

test("what the store has on another host is a stray", () => {
  expect(chooseStrays(PRESENT, MACHINES, "h1", false)).toEqual([{ machine: "id-of-there" }]);
});

test("on a fenced host all that is known is; what nobody knows is an orphan, and for others to tell", () => {
  expect(chooseStrays(PRESENT, MACHINES, "h1", true)).toEqual([
    ...[{ machine: "id-of-here" }, { machine: "id-of-there" }],
  ]);
});
