import { figuresOf } from "./meminfo.ts";
import type { ContainerView, HostText, ProcFile } from "./types.ts";
import { pageLines } from "./vmstat.ts";

// Node 0, zone   Normal
//   per-node stats
//       nr_inactive_anon 405076
//   pages free     1102375
//         min      16870
//         …
//         protection: (0, 0, 0, 0, 0)
//       nr_free_pages 1102375
//   node_unreclaimable:  0
//   start_pfn:           1048576
//
// mm/vmstat.c, zoneinfo_show_print. A cgroup's memory is not counted by zone: a machine of one zone.

export const zoneinfo: ProcFile = {
  path: "zoneinfo",
  describes: "one zone as large as the container's memory, with what is free in it; no watermarks",
  needs: ["memory"],
  fields: [
    { field: "spanned, present, managed", from: "meminfo's MemTotal" },
    { field: "pages free, nr_…", from: "vmstat's lines of the same names that its cgroup counts" },
    { field: "boost, min, low, high, cma, protection", from: "0: a cgroup has no watermarks by zone" },
  ],
  render,
};

function render(view: ContainerView, host: HostText): string {
  const { memory, pageBytes = 4096 } = view;
  if (memory === undefined) return host.text("zoneinfo");
  const figures = figuresOf(memory, host.text("meminfo"));
  const lines = pageLines(figures, pageBytes);
  const isZones = ([name]: readonly [string, number]): boolean => /^nr_(zone|free)_/.test(name);
  const total = Math.floor(figures.totalBytes / pageBytes);
  const free = Math.floor(figures.freeBytes / pageBytes);
  return [
    "Node 0, zone   Normal",
    "  per-node stats",
    ...lines.filter((line) => !isZones(line)).map(renderCount),
    `  pages free     ${free}`,
    ...["boost", "min", "low", "high"].map((name) => `        ${name.padEnd(8)} 0`),
    ...["spanned", "present", "managed"].map((name) => `        ${name.padEnd(8)} ${total}`),
    "        cma      0",
    "        protection: (0, 0, 0, 0, 0)",
    ...lines.filter(isZones).map(renderCount),
    "  pagesets",
    "  node_unreclaimable:  0",
    "  start_pfn:           0",
    "",
  ].join("\n");
}

/** nr_… names are padded to twelve columns (zoneinfo_show_print). */
function renderCount([name, value]: readonly [string, number]): string {
  return `      ${name.padEnd(12)} ${value}`;
}
