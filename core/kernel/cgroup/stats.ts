/**
 * What a cgroup says, in one shape for v1 and v2: the readers translate at the edge, nothing above
 * them knows the version. Absent controllers and files are `undefined`, "no limit" (`max`, -1,
 * v1's 0x7FFFFFFFFFFFF000) is Infinity. Sizes are bytes, times seconds, unless the name says otherwise.
 *
 * Each property that `CgroupReader.read` gives is read from the kernel when it is first asked for and
 * kept, and so are the properties marked "lazy" further in: whoever wants the CPU time does not pay
 * for memory.stat, which makes the kernel add up its per-CPU counters.
 */
export interface CgroupStats {
  readonly memory?: MemoryStats | undefined;
  readonly cpu?: CpuStats | undefined;
  readonly io?: readonly IoDeviceStats[] | undefined;
  readonly pids?: PidsStats | undefined;
  readonly pressure?: Pressure | undefined;
}

/** What a cgroup alone is allowed, not its ancestors. Every property is lazy, as in `CgroupStats`. */
export interface CgroupLimits {
  /** Undefined without the memory controller. */
  readonly memory?: MemoryLimits | undefined;
  /** CPUs' worth of quota: quota/period, Infinity without one. */
  readonly quotaCpus: number;
  /** The ids it may run on, ascending; undefined without the cpuset controller. */
  readonly effectiveCpus?: readonly number[] | undefined;
}

export interface MemoryLimits {
  readonly limitBytes: number;
  /** What is left until the limit, ≥ 0; Infinity without a limit, and the usage is then not read. */
  readonly roomBytes: number;
  /** v2 memory.swap.max, swap alone; undefined on v1 and without swap accounting. */
  readonly swapLimitBytes?: number | undefined;
  /** v1 memory.memsw.limit_in_bytes, RAM + swap; undefined on v2 and without swap accounting. */
  readonly memswLimitBytes?: number | undefined;
}

export interface MemoryStats {
  /** v2 memory.current, v1 memory.usage_in_bytes. */
  readonly usageBytes: number;
  /** v2 memory.max, v1 memory.limit_in_bytes: this cgroup's own, not the ancestors'. */
  readonly limitBytes: number;
  /** Swap alone on both versions (v1: memsw usage − usage, never negative). Undefined without swap accounting. */
  readonly swapUsageBytes?: number | undefined;
  /** Swap alone: v2 memory.swap.max, v1 memsw limit − limit. Undefined without swap accounting. */
  readonly swapLimitBytes?: number | undefined;
  /** v1 memory.memsw.limit_in_bytes, the RAM + swap limit; undefined on v2, which has no such thing. */
  readonly memswLimitBytes?: number | undefined;
  /** v2 memory.low, the protected amount. Lazy. */
  readonly lowBytes?: number | undefined;
  /** Lazy. Empty when the cgroup is gone by then. */
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
  /** From here on events since creation, not bytes: page faults, and those among them that waited for a disk. */
  readonly pgfault?: number;
  readonly pgmajfault?: number;
  /** Pages moved to and from swap, since Linux 6.12. */
  readonly pswpin?: number;
  readonly pswpout?: number;
  readonly pgscanKswapd?: number;
  readonly pgscanDirect?: number;
  readonly pgstealKswapd?: number;
  readonly pgstealDirect?: number;
  readonly pgrefill?: number;
  readonly pgactivate?: number;
  readonly pgdeactivate?: number;
  readonly workingsetRefaultAnon?: number;
  readonly workingsetRefaultFile?: number;
}

export interface CpuStats {
  /** CPU time used by the subtree since its creation. */
  readonly usageSeconds: number;
  /** Includes `niceSeconds`. On v1 user and system are counted by timer ticks and need not add up to the usage. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** v2 `nice_usec` (kernel ≥ 6.11), part of user time. */
  readonly niceSeconds?: number | undefined;
  /** v1 cpuacct.usage_percpu, indexed by physical CPU id; undefined on v2. Lazy. */
  readonly perCpuSeconds?: readonly number[] | undefined;
  /** As in `CgroupLimits`, lazy. */
  readonly quotaCpus: number;
  /** As in `CgroupLimits`, lazy. */
  readonly effectiveCpus?: readonly number[] | undefined;
  /** Undefined without the cpu controller. Lazy. */
  readonly throttling?: CpuThrottling | undefined;
}

/** Enforcement of the quota since it was first set: cpu.stat `nr_periods`, `nr_throttled` and the time. */
export interface CpuThrottling {
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledSeconds: number;
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
  readonly cpu?: PressureText | undefined;
  readonly io?: PressureText | undefined;
  readonly memory?: PressureText | undefined;
  /** Since Linux 6.1, where the time of interrupts is accounted. */
  readonly irq?: PressureText | undefined;
}

/** The kernel's own text of a `*.pressure` file (Documentation/accounting/psi.rst): passed on, not taken apart. */
export type PressureText = string;
