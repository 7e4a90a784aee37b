import { readCpus } from "../values.ts";

/**
 * cpuset.effective_cpus, since Linux 3.17, leaves out what is offline; cpuset.cpus is what was
 * asked for. Documentation/admin-guide/cgroup-v1/cpusets.rst.
 */
export function readEffectiveCpus(directory: string): readonly number[] | undefined {
  return readCpus(directory, "cpuset.effective_cpus") ?? readCpus(directory, "cpuset.cpus");
}
