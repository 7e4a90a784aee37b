import { type Figures, figuresOf, lineBytes } from "../proc-files/meminfo.ts";
import type { SysFile } from "./types.ts";

// Node 0 MemTotal:       24684084 kB
// Node 0 MemFree:        23846868 kB
// Node 0 MemUsed:          837216 kB
// Node 0 Active:            85396 kB
//
// drivers/base/node.c, node_read_meminfo. A limit holds for all nodes together.

export const nodeMeminfo: SysFile = {
  path: "node/nodeN/meminfo",
  describes:
    "meminfo's figures on a host of one node; on others the node's size and free memory, within the limit",
  render: (view, host, path) => {
    const text = host.text(path);
    if (view.memory === undefined) return text;
    const isOnlyNode = /^\d+$/.test(host.text("node/online").trim());
    const kibibytes = (name: string): number =>
      Number(new RegExp(`^Node \\d+ ${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0);
    const figures = figuresOf(view.memory, "");
    const total = Math.min(figures.totalBytes, kibibytes("MemTotal") * 1024);
    const free = Math.min(figures.freeBytes, kibibytes("MemFree") * 1024, total);
    const node = { ...figures, totalBytes: total, freeBytes: free };
    return text
      .split("\n")
      .map((line) => renderLine(line, node, isOnlyNode))
      .join("\n");
  },
};

const NODE_LINES: ReadonlySet<string> = new Set(["MemTotal", "MemFree"]);

function renderLine(line: string, figures: Figures, isOnlyNode: boolean): string {
  const [, head = "", name = ""] = /^(Node \d+ ([^:]+):)/.exec(line) ?? [];
  const isOurs = isOnlyNode || NODE_LINES.has(name);
  const bytes =
    name === "MemUsed"
      ? figures.totalBytes - figures.freeBytes
      : isOurs
        ? lineBytes(name, figures)
        : undefined;
  if (bytes === undefined) return line;
  const width = line.length - head.length - " kB".length;
  return `${head}${String(Math.floor(bytes / 1024)).padStart(width)} kB`;
}
