import { expect, it } from "vitest";
import { readEffectiveCpus } from "../../../../../../core/kernel/cgroup/v1/cpuset.ts";
import { tempTree } from "../../hosts.ts";

it.each([
  ["what is in effect comes first", { "cpuset.cpus": "0-3\n", "cpuset.effective_cpus": "0-1\n" }, [0, 1]],
  ["before Linux 3.17", { "cpuset.cpus": "0-3\n" }, [0, 1, 2, 3]],
  ["nothing set", { "cpuset.cpus": "\n", "cpuset.effective_cpus": "\n" }, undefined],
  ["no controller", {}, undefined],
])("%s", (_, files, cpus) => expect(readEffectiveCpus(tempTree(files))).toEqual(cpus));
