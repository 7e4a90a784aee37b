import { readPids } from "../pids.ts";
import type { VersionFiles } from "../version-files.ts";
import { readCpuUsage, readQuotaCpus, readThrottling } from "./cpu.ts";
import { readEffectiveCpus } from "./cpuset.ts";
import { readIo } from "./io.ts";
import { readMemory, readMemoryLimits } from "./memory.ts";

/** Documentation/admin-guide/cgroup-v2.rst. CPU time is not kept by CPU. */
export const V2_FILES: VersionFiles = {
  memory: readMemory,
  memoryLimits: readMemoryLimits,
  cpuUsage: readCpuUsage,
  perCpuSeconds: () => undefined,
  throttling: readThrottling,
  quotaCpus: readQuotaCpus,
  effectiveCpus: readEffectiveCpus,
  io: readIo,
  pids: readPids,
};
