import type { MemoryDetail } from "../../core/kernel/cgroup/stats.ts";
import { V1_MEMORY_KEYS } from "../../core/kernel/cgroup/v1/memory.ts";
import { V2_MEMORY_KEYS } from "../../core/kernel/cgroup/v2/memory.ts";
import { ofLast } from "../../core/kernel/once.ts";
import type { ContainerView, FieldSource, HostText, MemoryView, ProcFile } from "./types.ts";

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
  get fields() {
    return sources();
  },
  underived,
  render,
};

/** What the lines are computed from. */
export interface Figures extends MemoryView {
  readonly freeBytes: number;
  readonly availableBytes: number;
}

/** A line that is one counter of memory.stat, or the sum of two; or computed, and how. */
type Line =
  | readonly (keyof MemoryDetail)[]
  | { readonly says: FieldSource["from"]; readonly bytes: (figures: Figures) => number };

const SWAP = {
  v1: "min(limit of RAM + swap − limit of RAM, both up to the root; the host's); 0 without swap accounting; with --swap memsw min(limit of RAM + swap; the host's)",
  v2: "min(memory.swap.max up to the root, the host's); 0 without swap accounting",
};

const LINES: ReadonlyMap<string, Line> = new Map<string, Line>([
  ["MemTotal", { says: "min(limit up to the root, the host's)", bytes: (f) => f.totalBytes }],
  [
    "MemFree",
    { says: "the least of limit − usage up to the root; ≤ MemAvailable", bytes: (f) => f.freeBytes },
  ],
  [
    "MemAvailable",
    { says: "MemFree + inactive page cache; ≤ MemTotal and the host's", bytes: (f) => f.availableBytes },
  ],
  ["Cached", ["fileBytes"]],
  ["SwapCached", ["swapCachedBytes"]],
  ["Active", ["activeAnonBytes", "activeFileBytes"]],
  ["Inactive", ["inactiveAnonBytes", "inactiveFileBytes"]],
  ["Active(anon)", ["activeAnonBytes"]],
  ["Inactive(anon)", ["inactiveAnonBytes"]],
  ["Active(file)", ["activeFileBytes"]],
  ["Inactive(file)", ["inactiveFileBytes"]],
  ["Unevictable", ["unevictableBytes"]],
  ["SwapTotal", { says: SWAP, bytes: (f) => f.swap?.totalBytes ?? 0 }],
  [
    "SwapFree",
    {
      says: "SwapTotal − swap used",
      bytes: (f) => (f.swap === undefined ? 0 : atLeast0(f.swap.totalBytes - f.swap.usedBytes)),
    },
  ],
  ["Zswap", ["zswapBytes"]],
  ["Zswapped", ["zswappedBytes"]],
  ["Dirty", ["fileDirtyBytes"]],
  ["Writeback", ["fileWritebackBytes"]],
  ["AnonPages", ["anonBytes"]],
  ["Mapped", ["fileMappedBytes"]],
  ["Shmem", ["shmemBytes"]],
  ["KReclaimable", ["slabReclaimableBytes"]],
  ["Slab", ["slabBytes"]],
  ["SReclaimable", ["slabReclaimableBytes"]],
  ["SUnreclaim", ["slabUnreclaimableBytes"]],
  ["KernelStack", ["kernelStackBytes"]],
  ["PageTables", ["pagetablesBytes"]],
  ["SecPageTables", ["secPagetablesBytes"]],
  ["VmallocUsed", ["vmallocBytes"]],
  ["Percpu", ["percpuBytes"]],
  ["AnonHugePages", ["anonThpBytes"]],
  ["ShmemHugePages", ["shmemThpBytes"]],
  ["FileHugePages", ["fileThpBytes"]],
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

interface HostLine {
  readonly text: string;
  readonly name: string;
  /** The name as it is printed. */
  readonly label: string;
}

const parseHost = ofLast((text: string): readonly HostLine[] =>
  text.split("\n").map((line) => {
    const name = line.slice(0, Math.max(0, line.indexOf(":")));
    return { text: line, name, label: `${name}:`.padEnd(16) };
  }),
);

function render(view: ContainerView, host: HostText): string {
  const text = host.text("meminfo");
  if (view.memory === undefined) return text;
  const figures = figuresOf(view.memory, text);
  return parseHost(text)
    .map((line) => renderLine(line, figures))
    .join("\n");
}

function renderLine({ text, name, label }: HostLine, figures: Figures): string {
  const bytes = lineBytes(name, figures);
  return bytes === undefined ? text : `${label}${String(Math.floor(bytes / 1024)).padStart(8)} kB`;
}

/** The value of a line; undefined for one that is the host's. */
export function lineBytes(name: string, figures: Figures): number | undefined {
  return bytesOf(LINES.get(name), figures) ?? (ZERO_WHEN_UNCOUNTED.has(name) ? 0 : undefined);
}

/** Undefined when this kernel's cgroups do not count it. */
function bytesOf(line: Line | undefined, figures: Figures): number | undefined {
  if (line === undefined) return undefined;
  return isComputed(line) ? line.bytes(figures) : sum(line.map((key) => figures.detail[key]));
}

function isComputed(line: Line): line is Exclude<Line, readonly (keyof MemoryDetail)[]> {
  return "says" in line;
}

/**
 * Free is what no limit on the way up to the host stands against. Available is that plus the inactive page
 * cache, so that `free`'s "used" (MemTotal − MemAvailable) is what `docker stats` and the kubelet call
 * the working set; the host itself caps both.
 */
export function figuresOf(memory: MemoryView, hostMeminfo: string): Figures {
  const free = Math.min(atLeast0(memory.totalBytes - memory.usageBytes), atLeast0(memory.roomBytes));
  const inactiveFile = memory.detail.inactiveFileBytes ?? 0;
  const available = Math.min(free + inactiveFile, memory.totalBytes, hostAvailableBytes(hostMeminfo));
  const { totalBytes, usageBytes, roomBytes, detail, swap } = memory;
  const figures = { freeBytes: Math.min(free, available), availableBytes: available };
  return { totalBytes, usageBytes, roomBytes, detail, ...(swap && { swap }), ...figures };
}

function underived(view: ContainerView): readonly string[] {
  if (view.memory === undefined) return [];
  const figures = figuresOf(view.memory, "");
  return [...LINES].filter(([, line]) => bytesOf(line, figures) === undefined).map(([name]) => name);
}

function hostAvailableBytes(text: string): number {
  const match = /^MemAvailable:\s*(\d+) kB$/m.exec(text);
  return match === null ? Number.POSITIVE_INFINITY : Number(match[1]) * 1024;
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce(
    (total, value) => (total === undefined || value === undefined ? undefined : total + value),
    0,
  );
}

function sources(): readonly FieldSource[] {
  const lines = [...LINES].map(([field, line]): FieldSource => {
    if (isComputed(line)) return { field, from: line.says };
    const zero = ZERO_WHEN_UNCOUNTED.has(field);
    return { field, from: memoryStatSource(line, zero ? "0: not counted" : undefined) };
  });
  const zeros = [...ZERO_WHEN_UNCOUNTED].filter((field) => !LINES.has(field));
  return [
    ...lines,
    ...zeros.map((field) => ({ field, from: "0: not counted" })),
    { field: "every other line", from: {} },
  ];
}

/** What memory.stat calls these on each version; `uncounted` where it has them not. */
export function memoryStatSource(
  details: readonly (keyof MemoryDetail)[],
  uncounted?: string,
): { readonly v1?: string; readonly v2?: string } {
  const [v1, v2] = [V1_MEMORY_KEYS, V2_MEMORY_KEYS].map((keys) => {
    const names = details.map((detail) => Object.keys(keys).find((name) => keys[name] === detail));
    return names.includes(undefined) ? uncounted : names.join(" + ");
  });
  return { ...(v1 !== undefined && { v1 }), ...(v2 !== undefined && { v2 }) };
}

function atLeast0(value: number): number {
  return Math.max(0, value);
}
