import type { ContainerView, HostText, ProcFile } from "./types.ts";

// Filename				Type		Size		Used		Priority
// /swapfile                               file		2097148		3584		-2
//
// Sizes in KiB. The name is padded to 40 columns; a size of less than eight digits is followed by
// two tabs, so that the columns stay under their heads (mm/swapfile.c, swap_show).

export const swaps: ProcFile = {
  path: "swaps",
  describes: "one area as large as meminfo's SwapTotal, none without swap; the host's areas stay unnamed",
  needs: ["memory"],
  fields: [
    { field: "Filename, Type, Priority", from: "none, virtual, -2" },
    { field: "Size", from: "meminfo's SwapTotal" },
    {
      field: "Used",
      from: { v1: "memory.memsw.usage_in_bytes − memory.usage_in_bytes", v2: "memory.swap.current" },
    },
  ],
  render,
};

const HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

function render(view: ContainerView, host: HostText): string {
  if (view.memory === undefined) return host.text("swaps");
  const { swap } = view.memory;
  if (swap === undefined || swap.totalBytes < 1024) return HEAD;
  const columns = [swap.totalBytes, Math.min(swap.usedBytes, swap.totalBytes)].map(renderSize);
  return `${HEAD}${"none".padEnd(40)}virtual\t\t${columns.join("\t")}\t-2\n`;
}

function renderSize(bytes: number): string {
  const kibibytes = Math.floor(bytes / 1024);
  return kibibytes < 10_000_000 ? `${kibibytes}\t` : `${kibibytes}`;
}
