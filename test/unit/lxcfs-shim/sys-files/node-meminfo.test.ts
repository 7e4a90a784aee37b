import { expect, test } from "vitest";
import { nodeMeminfo } from "../../../../lxcfs-shim/sys-files/node-meminfo.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const MIB = 2 ** 20;
const TEXT = `Node 0 MemTotal:        4194304 kB
Node 0 MemFree:         3145728 kB
Node 0 MemUsed:         1048576 kB
Node 0 AnonPages:          9999 kB
Node 0 HugePages_Total:     0
`;
const detail = { anonBytes: 3 * MIB };
const memory = { totalBytes: 512 * MIB, usageBytes: 100 * MIB, roomBytes: 412 * MIB, detail };

function render(nodes: string, roomBytes: number = memory.roomBytes): string {
  const host = hostText({ "node/node0/meminfo": TEXT, "node/online": `${nodes}\n` });
  return nodeMeminfo.render(viewOf({ memory: { ...memory, roomBytes } }), host, "node/node0/meminfo");
}

test("on a host of one node it is the container's memory, in the kernel's columns", () => {
  expect(render("0")).toBe(`Node 0 MemTotal:         524288 kB
Node 0 MemFree:          421888 kB
Node 0 MemUsed:          102400 kB
Node 0 AnonPages:          3072 kB
Node 0 HugePages_Total:     0
`);
});

test("on a host of several a node is no larger than the limit, what is in it is the host's", () => {
  expect(render("0-1")).toContain("Node 0 MemTotal:         524288 kB\n");
  expect(render("0-1")).toContain("Node 0 AnonPages:          9999 kB\n");
});

test("without a memory cgroup it is the host's", () => {
  const host = hostText({ "node/node0/meminfo": TEXT });

  expect(nodeMeminfo.render(viewOf({}), host, "node/node0/meminfo")).toBe(TEXT);
});
