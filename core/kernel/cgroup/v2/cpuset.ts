import { readCpus } from "../values.ts";

/**
 * What was asked for (cpuset.cpus) may be more than the parent grants: the kernel's own result comes
 * first. Documentation/admin-guide/cgroup-v2.rst, "Cpuset Interface Files".
 */
export function readEffectiveCpus(directory: string): readonly number[] | undefined {
  return readCpus(directory, "cpuset.cpus.effective") ?? readCpus(directory, "cpuset.cpus");
}
