import { expect, test } from "vitest";
import {
  decodeOperations,
  encodeOperation,
  encodeTrack,
} from "../../../../provisioner/operations/documents.ts";
import { planMachine } from "../../../../provisioner/plan/plan.ts";
import { MACHINE, NOTHING } from "../../../support/machine-model.ts";

const store = { name: "state.db" };
const after = { machine: MACHINE, host: "h1", createdMs: 1 };
const track = { after, steps: planMachine(NOTHING, MACHINE), cursor: 3, state: "running" as const };
const entry = (key: string, value: object): { key: string; value: unknown; revision: number } => ({
  key,
  value: JSON.parse(JSON.stringify(value)),
  revision: 5,
});
const key = "operations/h1/001";

test("an operation comes back with its tracks", () => {
  const entries = [
    entry(key, encodeOperation({ kind: "create", policy: "together" })),
    entry(`${key}/${MACHINE.id}`, encodeTrack(track)),
    entry("operations/h1/002", encodeOperation({ kind: "destroy", policy: "apart" })),
  ];
  const [first, second] = decodeOperations(store, entries);

  expect(first).toMatchObject({ key, kind: "create", policy: "together" });
  expect(first?.tracks).toMatchObject([{ ...JSON.parse(JSON.stringify(track)), revision: 5 }]);
  expect(second?.tracks).toEqual([]);
  expect(decodeOperations(store, [])).toEqual([]);
});

test("a step of a kind that is not known is a newer version's", () => {
  const steps = [{ kind: "teleport" }];
  const entries = [
    entry(key, encodeOperation({ kind: "create", policy: "together" })),
    entry(`${key}/${MACHINE.id}`, { ...encodeTrack(track), steps }),
  ];

  expect(() => decodeOperations(store, entries)).toThrow("unknown kind teleport");
});
