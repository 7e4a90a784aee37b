import { expect, test } from "vitest";
import { findWrong } from "../../../../provisioner/executors/verify.ts";
import { MACHINE } from "../../../support/machine-model.ts";

const { limits, disk, id, name } = MACHINE;
const step = {
  kind: "verifyMachine",
  machine: { id, name },
  generation: 1,
  limits,
  diskBytes: disk.bytes,
} as const;
const inside = {
  memoryBytes: limits.memoryBytes,
  cpuset: "0",
  diskBytes: disk.bytes,
  addresses: ["10.0.0.7"],
};

test.for([
  [{}, []],
  [{ memoryBytes: 2 ** 34 }, ["memory is 16 GiB, not 512 MiB"]],
  [{ cpuset: "0-1" }, ["CPUs are 0-1, not 0"]],
  [{ diskBytes: 2 ** 28 }, ["the data disk is 256 MiB, not 1 GiB"]],
  [{ addresses: [] }, ["there is no address"]],
] as const)("inside %j", ([changes, wrong]) => {
  expect(findWrong(step, { ...inside, ...changes })).toEqual(wrong);
});
