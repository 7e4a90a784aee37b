import type { CpuThrottling, IoDeviceStats, MemoryLimits, MemoryStats, PidsStats } from "./stats.ts";

/**
 * What one cgroup version's files say about one directory: the table through which v1 and v2 become
 * the same. Each entry is undefined when the controller is not there or the cgroup is gone.
 */
export interface VersionFiles {
  memory(directory: string): MemoryStats | undefined;
  memoryLimits(directory: string): MemoryLimits | undefined;
  cpuUsage(directory: string): CpuUsage | undefined;
  /** Seconds by CPU id. */
  perCpuSeconds(directory: string): readonly number[] | undefined;
  throttling(directory: string): CpuThrottling | undefined;
  /** CPUs' worth of quota of this cgroup alone, Infinity without one. */
  quotaCpus(directory: string): number | undefined;
  effectiveCpus(directory: string): readonly number[] | undefined;
  io(directory: string): readonly IoDeviceStats[] | undefined;
  pids(directory: string): PidsStats | undefined;
}

export interface CpuUsage {
  readonly usageSeconds: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly niceSeconds?: number | undefined;
}
