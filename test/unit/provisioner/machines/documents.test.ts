import { expect, test } from "vitest";
import {
  decodeMachine,
  encodeMachine,
  machineKey,
  splitLabel,
} from "../../../../provisioner/machines/documents.ts";
import { MACHINE } from "../../../support/machine-model.ts";

const store = { name: "state.db" };
const record = { machine: MACHINE, host: "h1", createdMs: 7, busy: "resize" as const };
const key = machineKey(MACHINE.id);
const stored = (changes: object = {}): { key: string; value: unknown } => ({
  key,
  value: { ...JSON.parse(JSON.stringify(encodeMachine(record))), ...changes },
});

test("a machine comes back as it was stored", () => {
  expect(decodeMachine(store, stored())).toEqual(record);
  const wanted = {
    ...record,
    busy: undefined,
    machine: { ...MACHINE, address: "10.0.0.9", labels: { a: "b=c" } },
  };
  const value = JSON.parse(JSON.stringify(encodeMachine(wanted)));
  expect(decodeMachine(store, { key, value })).toEqual(wanted);
});

test.for([
  [{ cpus: "none" }, "cpus"],
  [{ power: "maybe" }, "power"],
  [{ generation: 0 }, "generation"],
  [{ busy: "sleeping" }, "busy"],
  [{ image: undefined }, "image"],
] as const)("%j is damage, and named", ([changes, field]) => {
  expect(() => decodeMachine(store, stored(changes))).toThrow(`store state.db: ${key}: ${field}: `);
});

test("a label's value may have equals signs", () => {
  expect(splitLabel("a=b=c")).toEqual(["a", "b=c"]);
});
