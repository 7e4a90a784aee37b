import type { MemoryDetail } from "../../core/kernel/cgroup/stats.ts";
import { type Figures, figuresOf, memoryStatSource } from "./meminfo.ts";
import type { ContainerView, FieldSource, HostText, ProcFile } from "./types.ts";

// nr_free_pages 5961732
// nr_zone_inactive_anon 405076
// pgpgin 6515369
// pgfault 84372352
//
// mm/vmstat.c, vmstat_text: pages at this moment, then events since the boot. pgpgin and pgpgout are KiB moved
// from and to disks, whatever their name says.

export const vmstat: ProcFile = {
  path: "vmstat",
  describes:
    "the container's pages, faults, reclaim, swapping and disk traffic; every other line is the host's",
  needs: ["memory", "io"],
  get fields() {
    return sources();
  },
  underived,
  render,
};

/** Lines that are a size in pages. */
const PAGES: ReadonlyMap<string, keyof MemoryDetail> = new Map<string, keyof MemoryDetail>([
  ["nr_zone_inactive_anon", "inactiveAnonBytes"],
  ["nr_zone_active_anon", "activeAnonBytes"],
  ["nr_zone_inactive_file", "inactiveFileBytes"],
  ["nr_zone_active_file", "activeFileBytes"],
  ["nr_zone_unevictable", "unevictableBytes"],
  ["nr_inactive_anon", "inactiveAnonBytes"],
  ["nr_active_anon", "activeAnonBytes"],
  ["nr_inactive_file", "inactiveFileBytes"],
  ["nr_active_file", "activeFileBytes"],
  ["nr_unevictable", "unevictableBytes"],
  ["nr_slab_reclaimable", "slabReclaimableBytes"],
  ["nr_slab_unreclaimable", "slabUnreclaimableBytes"],
  ["nr_anon_pages", "anonBytes"],
  ["nr_mapped", "fileMappedBytes"],
  ["nr_file_pages", "fileBytes"],
  ["nr_dirty", "fileDirtyBytes"],
  ["nr_writeback", "fileWritebackBytes"],
  ["nr_shmem", "shmemBytes"],
  ["nr_page_table_pages", "pagetablesBytes"],
  ["nr_sec_page_table_pages", "secPagetablesBytes"],
  ["nr_swapcached", "swapCachedBytes"],
]);

const KIBIBYTES: ReadonlyMap<string, keyof MemoryDetail> = new Map([["nr_kernel_stack", "kernelStackBytes"]]);

/** Lines that count events: the cgroup's own count of the same. */
const EVENTS: ReadonlyMap<string, keyof MemoryDetail> = new Map<string, keyof MemoryDetail>([
  ["pgfault", "pgfault"],
  ["pgmajfault", "pgmajfault"],
  ["pgscan_kswapd", "pgscanKswapd"],
  ["pgscan_direct", "pgscanDirect"],
  ["pgsteal_kswapd", "pgstealKswapd"],
  ["pgsteal_direct", "pgstealDirect"],
  ["pgrefill", "pgrefill"],
  ["pgactivate", "pgactivate"],
  ["pgdeactivate", "pgdeactivate"],
  ["workingset_refault_anon", "workingsetRefaultAnon"],
  ["workingset_refault_file", "workingsetRefaultFile"],
]);

const SWAPPING: ReadonlyMap<string, "pswpin" | "pswpout"> = new Map([
  ["pswpin", "pswpin"],
  ["pswpout", "pswpout"],
]);

function render(view: ContainerView, host: HostText): string {
  const lines = host.text("vmstat").split("\n");
  const values = new Map([...trafficLines(view), ...memoryLines(view, host)]);
  return lines
    .map((line) => {
      const name = line.slice(0, Math.max(0, line.indexOf(" ")));
      const value = values.get(name);
      return value === undefined ? line : `${name} ${value}`;
    })
    .join("\n");
}

function trafficLines({ io }: ContainerView): readonly [string, number][] {
  if (io === undefined) return [];
  const kibibytes = (key: "readBytes" | "writeBytes"): number =>
    Math.floor(io.reduce((total, disk) => total + disk[key], 0) / 1024);
  return [
    ["pgpgin", kibibytes("readBytes")],
    ["pgpgout", kibibytes("writeBytes")],
  ];
}

function memoryLines(
  { memory, pageBytes = 4096 }: ContainerView,
  host: HostText,
): readonly [string, number][] {
  if (memory === undefined) return [];
  const figures = figuresOf(memory, host.text("meminfo"));
  const { detail, swap } = figures;
  const noSwap = swap === undefined || swap.totalBytes === 0;
  return [
    ...pageLines(figures, pageBytes),
    ...counted(KIBIBYTES, detail, 1024),
    ...counted(EVENTS, detail, 1),
    ...(noSwap
      ? [...SWAPPING.keys()].map((name): [string, number] => [name, 0])
      : counted(SWAPPING, detail, 1)),
  ];
}

/** The lines that are pages, zoneinfo's as well. */
export function pageLines(figures: Figures, bytesPerPage: number): readonly [string, number][] {
  const free = Math.floor(figures.freeBytes / bytesPerPage);
  return [
    ["nr_free_pages", free],
    // Since Linux 6.15 those among them that are in free page blocks.
    ["nr_free_pages_blocks", free],
    ...counted(PAGES, figures.detail, bytesPerPage),
  ];
}

function counted(
  lines: ReadonlyMap<string, keyof MemoryDetail>,
  detail: MemoryDetail,
  unit: number,
): readonly [string, number][] {
  return [...lines].flatMap(([name, key]): [string, number][] => {
    const value = detail[key];
    return value === undefined ? [] : [[name, Math.floor(value / unit)]];
  });
}

function underived({ memory }: ContainerView): readonly string[] {
  if (memory === undefined) return [];
  const { detail, swap } = memory;
  const hasSwap = swap !== undefined && swap.totalBytes > 0;
  const lines = [...PAGES, ...KIBIBYTES, ...EVENTS, ...(hasSwap ? SWAPPING : [])];
  return lines.filter(([, key]) => detail[key] === undefined).map(([name]) => name);
}

function sources(): readonly FieldSource[] {
  const fromStat = ([field, key]: readonly [string, keyof MemoryDetail]): FieldSource => ({
    field,
    from: memoryStatSource([key]),
  });
  return [
    { field: "nr_free_pages, nr_free_pages_blocks", from: "meminfo's MemFree" },
    ...[...PAGES, ...KIBIBYTES].map(fromStat),
    { field: "pgpgin, pgpgout", from: "KiB that diskstats shows, over all disks" },
    ...[...EVENTS].map(fromStat),
    ...[...SWAPPING.keys()].map((field) => ({
      field,
      from: { v1: "0 without swap, else the host's", v2: `0 without swap, else ${field} (Linux 6.12)` },
    })),
    { field: "every other line", from: {} },
  ];
}
