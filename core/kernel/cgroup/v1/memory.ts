import { lazyClass } from "../../lazy.ts";
import { type MemoryKeys, parseMemoryStat } from "../memory-detail.ts";
import type { MemoryDetail, MemoryLimits, MemoryStats } from "../stats.ts";
import { parseLimit, parseNumber, readAttribute, swapWithin } from "../values.ts";

/*
 * memory.stat:
 *   cache 9224192               this cgroup alone
 *   hierarchical_memory_limit 9223372036854771712
 *   total_cache 659197952       with all below it
 *
 * Documentation/admin-guide/cgroup-v1/memory.rst. memory.memsw.* exist with swap accounting only
 * (CONFIG_SWAP, and on kernels before 6.1 not with swapaccount=0).
 */

export const V1_MEMORY_KEYS: MemoryKeys = {
  total_rss: "anonBytes",
  total_cache: "fileBytes",
  total_shmem: "shmemBytes",
  total_mapped_file: "fileMappedBytes",
  total_dirty: "fileDirtyBytes",
  total_writeback: "fileWritebackBytes",
  total_rss_huge: "anonThpBytes",
  total_active_anon: "activeAnonBytes",
  total_inactive_anon: "inactiveAnonBytes",
  total_active_file: "activeFileBytes",
  total_inactive_file: "inactiveFileBytes",
  total_unevictable: "unevictableBytes",
  total_swapcached: "swapCachedBytes",
  total_pgfault: "pgfault",
  total_pgmajfault: "pgmajfault",
  total_workingset_refault_anon: "workingsetRefaultAnon",
  total_workingset_refault_file: "workingsetRefaultFile",
};

export function readMemory(directory: string): MemoryStats | undefined {
  const usageBytes = readAttribute(directory, "memory.usage_in_bytes", parseNumber);
  const limitBytes = readAttribute(directory, "memory.limit_in_bytes", parseLimit);
  if (usageBytes === undefined || limitBytes === undefined) return undefined;
  const memswLimitBytes = readMemswLimit(directory);
  // Without swap accounting the one is absent and so is the other: do not look.
  const memswUsageBytes =
    memswLimitBytes === undefined
      ? undefined
      : readAttribute(directory, "memory.memsw.usage_in_bytes", parseNumber);
  return lazyMemory({
    usageBytes: () => usageBytes,
    limitBytes: () => limitBytes,
    memswLimitBytes: () => memswLimitBytes,
    swapLimitBytes: () =>
      memswLimitBytes === undefined ? undefined : swapWithin(memswLimitBytes, limitBytes),
    // The two usages are read one after the other: RAM may have grown past the sum by then.
    swapUsageBytes: () =>
      memswUsageBytes === undefined ? undefined : Math.max(0, memswUsageBytes - usageBytes),
    lowBytes: () => undefined,
    detail: () => readAttribute(directory, "memory.stat", parseDetail) ?? {},
  });
}

const lazyMemory = lazyClass<MemoryStats>();

export function readMemoryLimits(directory: string): MemoryLimits | undefined {
  const limitBytes = readAttribute(directory, "memory.limit_in_bytes", parseLimit);
  if (limitBytes === undefined) return undefined;
  const usageBytes =
    limitBytes === Number.POSITIVE_INFINITY
      ? 0
      : (readAttribute(directory, "memory.usage_in_bytes", parseNumber) ?? 0);
  return {
    limitBytes,
    roomBytes: Math.max(0, limitBytes - usageBytes),
    memswLimitBytes: readMemswLimit(directory),
  };
}

export function parseDetail(text: string, path: string): MemoryDetail {
  return parseMemoryStat(text, path, V1_MEMORY_KEYS);
}

function readMemswLimit(directory: string): number | undefined {
  return readAttribute(directory, "memory.memsw.limit_in_bytes", parseLimit);
}
