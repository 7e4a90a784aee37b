import { expect, test } from "vitest";
import { findWrong, parseLocalAddresses } from "../../../../provisioner/executors/verify.ts";
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

test("addresses that are the namespace's own", () => {
  const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.10.0.0/24 2 0 2
        |-- 10.10.0.0
           /24 link UNICAST
        |-- 10.10.0.7
           /32 host LOCAL
        |-- 10.10.0.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
Local:
        |-- 10.10.0.7
           /32 host LOCAL
`;
  expect(parseLocalAddresses(trie)).toEqual(["10.10.0.7"]);
  expect(parseLocalAddresses("")).toEqual([]);
});
