/**
 * What a cgroup says, in one shape for v1 and v2: the readers translate at the edge, nothing above
 * them knows the version. Absent controllers and files are `undefined`, "no limit" (`max`, -1,
 * v1's 0x7FFFFFFFFFFFF000) is Infinity. Sizes are bytes, times seconds, unless the name says otherwise.
 */
export interface CgroupStats {
  readonly memory?: MemoryStats;
  readonly cpu?: CpuStats;
  readonly io?: readonly IoDeviceStats[];
  readonly pids?: PidsStats;
  readonly pressure?: Pressure;
}

export interface MemoryStats {
  /** v2 memory.current, v1 memory.usage_in_bytes. */
  readonly usageBytes: number;
  /** v2 memory.max, v1 memory.limit_in_bytes: this cgroup's own, not the ancestors'. */
  readonly limitBytes: number;
  /** Swap alone on both versions (v1: memsw usage − usage, never negative). Undefined without swap accounting. */
  readonly swapUsageBytes?: number;
  /** Swap alone: v2 memory.swap.max, v1 memsw limit − limit. Undefined without swap accounting. */
  readonly swapLimitBytes?: number;
  /** v1 memory.memsw.limit_in_bytes, the RAM + swap limit; undefined on v2, which has no such thing. */
  readonly memswLimitBytes?: number;
  /** v2 memory.low, the protected amount. */
  readonly lowBytes?: number;
  readonly detail: MemoryDetail;
}

/**
 * memory.stat of the whole subtree (v1: the `total_*` lines), in bytes. A key that the kernel does
 * not print on this version is undefined, never 0.
 */
export interface MemoryDetail {
  /** v2 `anon`; v1 `total_rss` (which counts anonymous and swap cache, no shmem). */
  readonly anonBytes?: number;
  /** v2 `file`; v1 `total_cache`. Includes shmem on both. */
  readonly fileBytes?: number;
  readonly shmemBytes?: number;
  readonly fileMappedBytes?: number;
  readonly fileDirtyBytes?: number;
  readonly fileWritebackBytes?: number;
  /** v2 `anon_thp`; v1 `total_rss_huge`. */
  readonly anonThpBytes?: number;
  readonly fileThpBytes?: number;
  readonly shmemThpBytes?: number;
  readonly activeAnonBytes?: number;
  readonly inactiveAnonBytes?: number;
  readonly activeFileBytes?: number;
  readonly inactiveFileBytes?: number;
  readonly unevictableBytes?: number;
  readonly slabBytes?: number;
  readonly slabReclaimableBytes?: number;
  readonly slabUnreclaimableBytes?: number;
  readonly kernelStackBytes?: number;
  readonly pagetablesBytes?: number;
  readonly secPagetablesBytes?: number;
  readonly percpuBytes?: number;
  readonly vmallocBytes?: number;
  readonly swapCachedBytes?: number;
  readonly zswapBytes?: number;
  readonly zswappedBytes?: number;
  /** Events, not bytes: page faults, major page faults, pages swapped in and out since creation. */
  readonly pgfault?: number;
  readonly pgmajfault?: number;
}

export interface CpuStats {
  /** CPU time used by the subtree since its creation. */
  readonly usageSeconds: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** v2 `nice_usec` (kernel ≥ 6.11), part of user time. */
  readonly niceSeconds?: number;
  /** v1 cpuacct.usage_all or usage_percpu, indexed by physical CPU id; undefined on v2. */
  readonly perCpuSeconds?: readonly number[];
  /** CPUs' worth of quota of this cgroup alone: quota/period, Infinity without one. */
  readonly quotaCpus: number;
  /** The ids this cgroup may run on; undefined without the cpuset controller. */
  readonly effectiveCpus?: readonly number[];
  readonly periods?: number;
  readonly throttledPeriods?: number;
  readonly throttledSeconds?: number;
}

/** One block device of v2 io.stat or v1 blkio.throttle.io_{service_bytes,serviced}_recursive. */
export interface IoDeviceStats {
  readonly major: number;
  readonly minor: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly discardBytes: number;
  readonly reads: number;
  readonly writes: number;
  readonly discards: number;
}

export interface PidsStats {
  readonly current: number;
  readonly limit: number;
}

/** PSI of the cgroup; a resource whose file is absent or switched off (ENOTSUP) is undefined. */
export interface Pressure {
  readonly cpu?: PressureText;
  readonly io?: PressureText;
  readonly memory?: PressureText;
}

/** The kernel's own text of a `*.pressure` file (Documentation/accounting/psi.rst): passed on, not taken apart. */
export type PressureText = string;
