import { lazyClass } from "../../lazy.ts";
import { type MemoryKeys, parseMemoryStat } from "../memory-detail.ts";
import type { MemoryDetail, MemoryLimits, MemoryStats } from "../stats.ts";
import { parseLimit, parseNumber, readAttribute } from "../values.ts";

/*
 * memory.current 8937472   memory.max max   memory.swap.current 0   memory.swap.max max
 * memory.stat:
 *   anon 1605632
 *   file 6987776
 *
 * Documentation/admin-guide/cgroup-v2.rst, "Memory Interface Files". memory.swap.* exist with swap
 * accounting only. memory.stat always counts the whole subtree.
 */

export const V2_MEMORY_KEYS: MemoryKeys = {
  anon: "anonBytes",
  file: "fileBytes",
  shmem: "shmemBytes",
  file_mapped: "fileMappedBytes",
  file_dirty: "fileDirtyBytes",
  file_writeback: "fileWritebackBytes",
  anon_thp: "anonThpBytes",
  file_thp: "fileThpBytes",
  shmem_thp: "shmemThpBytes",
  active_anon: "activeAnonBytes",
  inactive_anon: "inactiveAnonBytes",
  active_file: "activeFileBytes",
  inactive_file: "inactiveFileBytes",
  unevictable: "unevictableBytes",
  slab: "slabBytes",
  slab_reclaimable: "slabReclaimableBytes",
  slab_unreclaimable: "slabUnreclaimableBytes",
  kernel_stack: "kernelStackBytes",
  pagetables: "pagetablesBytes",
  sec_pagetables: "secPagetablesBytes",
  percpu: "percpuBytes",
  vmalloc: "vmallocBytes",
  swapcached: "swapCachedBytes",
  zswap: "zswapBytes",
  zswapped: "zswappedBytes",
  pgfault: "pgfault",
  pgmajfault: "pgmajfault",
  pswpin: "pswpin",
  pswpout: "pswpout",
  pgscan_kswapd: "pgscanKswapd",
  pgscan_direct: "pgscanDirect",
  pgsteal_kswapd: "pgstealKswapd",
  pgsteal_direct: "pgstealDirect",
  pgrefill: "pgrefill",
  pgactivate: "pgactivate",
  pgdeactivate: "pgdeactivate",
  workingset_refault_anon: "workingsetRefaultAnon",
  workingset_refault_file: "workingsetRefaultFile",
};

export function readMemory(directory: string): MemoryStats | undefined {
  const usageBytes = readAttribute(directory, "memory.current", parseNumber);
  const limitBytes =
    usageBytes === undefined ? undefined : readAttribute(directory, "memory.max", parseLimit);
  if (usageBytes === undefined || limitBytes === undefined) return undefined;
  const swapLimitBytes = readSwapLimit(directory);
  const swapUsageBytes =
    swapLimitBytes === undefined ? undefined : readAttribute(directory, "memory.swap.current", parseNumber);
  return lazyMemory({
    usageBytes: () => usageBytes,
    limitBytes: () => limitBytes,
    swapUsageBytes: () => swapUsageBytes,
    swapLimitBytes: () => swapLimitBytes,
    memswLimitBytes: () => undefined,
    lowBytes: () => readAttribute(directory, "memory.low", parseLimit),
    detail: () => readAttribute(directory, "memory.stat", parseDetail) ?? {},
  });
}

const lazyMemory = lazyClass<MemoryStats>();

export function readMemoryLimits(directory: string): MemoryLimits | undefined {
  const limitBytes = readAttribute(directory, "memory.max", parseLimit);
  if (limitBytes === undefined) return undefined;
  const usageBytes =
    limitBytes === Number.POSITIVE_INFINITY
      ? 0
      : (readAttribute(directory, "memory.current", parseNumber) ?? 0);
  return {
    limitBytes,
    roomBytes: Math.max(0, limitBytes - usageBytes),
    swapLimitBytes: readSwapLimit(directory),
  };
}

export function parseDetail(text: string, path: string): MemoryDetail {
  return parseMemoryStat(text, path, V2_MEMORY_KEYS);
}

function readSwapLimit(directory: string): number | undefined {
  return readAttribute(directory, "memory.swap.max", parseLimit);
}
