import { expect, test } from "vitest";
import { swaps } from "../../../../lxcfs-shim/proc-files/swaps.ts";
import type { MemoryView } from "../../../../lxcfs-shim/proc-files/types.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
const host = hostText({ swaps: `${HEAD}/swapfile${" ".repeat(31)}file\t\t2097148\t\t0\t\t-2\n` });

function render(swap?: MemoryView["swap"]): string {
  const memory = { totalBytes: 2 ** 30, usageBytes: 0, roomBytes: 2 ** 30, detail: {} };
  return swaps.render(viewOf({ memory: { ...memory, ...(swap !== undefined && { swap }) } }), host);
}

test("one area of the size that meminfo shows", () => {
  const none = "none".padEnd(40);

  expect(render({ totalBytes: 256 * 2 ** 20, usedBytes: 2 ** 20 })).toBe(
    `${HEAD}${none}virtual\t\t262144\t\t1024\t\t-2\n`,
  );
  expect(render({ totalBytes: 10_000_000 * 1024, usedBytes: 0 })).toBe(
    `${HEAD}${none}virtual\t\t10000000\t0\t\t-2\n`,
  );
});

test("no area without swap, never the host's", () => {
  expect(render()).toBe(HEAD);
  expect(render({ totalBytes: 0, usedBytes: 0 })).toBe(HEAD);
});

test("never more used than there is", () => {
  expect(render({ totalBytes: 1024, usedBytes: 4096 })).toContain("virtual\t\t1\t\t1\t\t-2");
});

test("without a memory cgroup the file is the host's", () => {
  expect(swaps.render(viewOf({}), host)).toContain("/swapfile");
});
