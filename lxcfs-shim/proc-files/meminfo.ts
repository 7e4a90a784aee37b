import type { ContainerView, HostText, MemoryView, ProcFile } from "./types.ts";

// MemTotal:       24684084 kB
// MemFree:        23846868 kB
// HugePages_Total:       0
//
// Documentation/filesystems/proc.rst, "meminfo". Labels are padded to 16 columns, values to 8.

export const meminfo: ProcFile = {
  path: "meminfo",
  describes:
    "the container's memory and swap from its cgroup; huge page pools, vmalloc, commit limits and DirectMap are the host's",
  needs: ["memory"],
  underived,
  render,
};

/** What the lines are computed from. */
interface Figures extends MemoryView {
  readonly freeBytes: number;
  readonly availableBytes: number;
}

/** A line's value in bytes; undefined when this kernel's cgroups do not count it. */
type Line = (figures: Figures) => number | undefined;

const LINES: ReadonlyMap<string, Line> = new Map<string, Line>([
  ["MemTotal", (f) => f.totalBytes],
  ["MemFree", (f) => f.freeBytes],
  ["MemAvailable", (f) => f.availableBytes],
  ["Cached", (f) => f.detail.fileBytes],
  ["SwapCached", (f) => f.detail.swapCachedBytes],
  ["Active", (f) => sum(f.detail.activeAnonBytes, f.detail.activeFileBytes)],
  ["Inactive", (f) => sum(f.detail.inactiveAnonBytes, f.detail.inactiveFileBytes)],
  ["Active(anon)", (f) => f.detail.activeAnonBytes],
  ["Inactive(anon)", (f) => f.detail.inactiveAnonBytes],
  ["Active(file)", (f) => f.detail.activeFileBytes],
  ["Inactive(file)", (f) => f.detail.inactiveFileBytes],
  ["Unevictable", (f) => f.detail.unevictableBytes],
  ["SwapTotal", (f) => f.swap?.totalBytes ?? 0],
  ["SwapFree", (f) => (f.swap === undefined ? 0 : atLeast0(f.swap.totalBytes - f.swap.usedBytes))],
  ["Zswap", (f) => f.detail.zswapBytes],
  ["Zswapped", (f) => f.detail.zswappedBytes],
  ["Dirty", (f) => f.detail.fileDirtyBytes],
  ["Writeback", (f) => f.detail.fileWritebackBytes],
  ["AnonPages", (f) => f.detail.anonBytes],
  ["Mapped", (f) => f.detail.fileMappedBytes],
  ["Shmem", (f) => f.detail.shmemBytes],
  ["KReclaimable", (f) => f.detail.slabReclaimableBytes],
  ["Slab", (f) => f.detail.slabBytes],
  ["SReclaimable", (f) => f.detail.slabReclaimableBytes],
  ["SUnreclaim", (f) => f.detail.slabUnreclaimableBytes],
  ["KernelStack", (f) => f.detail.kernelStackBytes],
  ["PageTables", (f) => f.detail.pagetablesBytes],
  ["SecPageTables", (f) => f.detail.secPagetablesBytes],
  ["VmallocUsed", (f) => f.detail.vmallocBytes],
  ["Percpu", (f) => f.detail.percpuBytes],
  ["AnonHugePages", (f) => f.detail.anonThpBytes],
  ["ShmemHugePages", (f) => f.detail.shmemThpBytes],
  ["FileHugePages", (f) => f.detail.fileThpBytes],
]);

/**
 * Lines that are 0 where the cgroup does not count them. Tools subtract or add these to MemTotal, MemFree
 * and SwapTotal, so the host's figure could exceed the whole. A cgroup has no Buffers: it counts the
 * page cache of block devices as `file`.
 */
const ZERO_WHEN_UNCOUNTED: ReadonlySet<string> = new Set([
  "Buffers",
  "Cached",
  "SwapCached",
  "Shmem",
  "Slab",
  "SReclaimable",
  "SUnreclaim",
  "KReclaimable",
  "Zswap",
  "Zswapped",
  "AnonHugePages",
  "ShmemHugePages",
  "ShmemPmdMapped",
  "FileHugePages",
  "FilePmdMapped",
]);

function render(view: ContainerView, host: HostText): string {
  const text = host.text("meminfo");
  if (view.memory === undefined) return text;
  const figures = figuresOf(view.memory, hostAvailableBytes(text));
  return text
    .split("\n")
    .map((line) => renderLine(line, figures))
    .join("\n");
}

function renderLine(line: string, figures: Figures): string {
  const name = line.slice(0, Math.max(0, line.indexOf(":")));
  const bytes = LINES.get(name)?.(figures) ?? (ZERO_WHEN_UNCOUNTED.has(name) ? 0 : undefined);
  if (bytes === undefined) return line;
  return `${`${name}:`.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(8)} kB`;
}

/**
 * Free is what no limit on the way up to the host stands against. Available is that plus the inactive page
 * cache, so that `free`'s "used" (MemTotal − MemAvailable) is what `docker stats` and the kubelet call
 * the working set; the host itself caps both.
 */
function figuresOf(memory: MemoryView, hostAvailable: number): Figures {
  const free = Math.min(atLeast0(memory.totalBytes - memory.usageBytes), atLeast0(memory.roomBytes));
  const inactiveFile = memory.detail.inactiveFileBytes ?? 0;
  const available = Math.min(free + inactiveFile, memory.totalBytes, hostAvailable);
  return { ...memory, freeBytes: Math.min(free, available), availableBytes: available };
}

function underived(view: ContainerView): readonly string[] {
  if (view.memory === undefined) return [];
  const figures = figuresOf(view.memory, Number.POSITIVE_INFINITY);
  return [...LINES].filter(([, line]) => line(figures) === undefined).map(([name]) => name);
}

function hostAvailableBytes(text: string): number {
  const match = /^MemAvailable:\s*(\d+) kB$/m.exec(text);
  return match === null ? Number.POSITIVE_INFINITY : Number(match[1]) * 1024;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

function atLeast0(value: number): number {
  return Math.max(0, value);
}
