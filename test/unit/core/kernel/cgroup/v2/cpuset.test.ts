import { expect, it } from "vitest";
import { readEffectiveCpus } from "../../../../../../core/kernel/cgroup/v2/cpuset.ts";
import { tempTree } from "../../hosts.ts";

it.each([
  [
    "the parent grants less than was asked for",
    { "cpuset.cpus": "0-3\n", "cpuset.cpus.effective": "0-1\n" },
    [0, 1],
  ],
  ["nothing asked for", { "cpuset.cpus": "\n", "cpuset.cpus.effective": "8-9,40\n" }, [8, 9, 40]],
  ["no controller", {}, undefined],
])("%s", (_, files, cpus) => expect(readEffectiveCpus(tempTree(files))).toEqual(cpus));
