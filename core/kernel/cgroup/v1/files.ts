import { readPids } from "../pids.ts";
import type { VersionFiles } from "../version-files.ts";
import { readBlkio } from "./blkio.ts";
import { readQuotaCpus, readThrottling } from "./cpu.ts";
import { readCpuUsage, readPerCpuSeconds } from "./cpuacct.ts";
import { readEffectiveCpus } from "./cpuset.ts";
import { readMemory, readMemoryLimits } from "./memory.ts";

/** Documentation/admin-guide/cgroup-v1/. */
export const V1_FILES: VersionFiles = {
  memory: readMemory,
  memoryLimits: readMemoryLimits,
  cpuUsage: readCpuUsage,
  perCpuSeconds: readPerCpuSeconds,
  throttling: readThrottling,
  quotaCpus: readQuotaCpus,
  effectiveCpus: readEffectiveCpus,
  io: readBlkio,
  pids: readPids,
};
