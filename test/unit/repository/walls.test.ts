import { expect, test } from "vitest";
import { findBreach, roomOf } from "./walls.ts";

function breach(from: string, to: string, isLazy = false): string | undefined {
  const wall = roomOf(from);
  return wall === undefined ? "no room" : findBreach(wall, to, isLazy);
}

test.for([
  ["agent/x.ts", "core/kernel/proc/stat.ts"],
  ["agent/x.ts", "agent/sources/cpu.ts"],
  ["agent/x.ts", "node:http"],
  ["lxcfs-shim/x.ts", "lxcfs-shim/fuse/abi.ts"],
  ["core/kernel/proc/x.ts", "node:fs"],
] as const)("%s may import %s", ([from, to]) => {
  expect(breach(from, to)).toBeUndefined();
});

test.for([
  ["core/kernel/x.ts", "node:http"],
  ["core/kernel/x.ts", "core/runtime/errors.ts"],
  ["agent/x.ts", "collector/latest.ts"],
  ["agent/x.ts", "pino"],
  ["agent/x.ts", "systeminformation"],
  ["lxcfs-shim/fuse/x.ts", "lxcfs-shim/session/session.ts"],
  ["lxcfs-shim/fuse/x.ts", "node:fs"],
  ["provisioner/x.ts", "core/metrics/series.ts"],
  ["collector/x.ts", "?"],
  ["core/stray.ts", "node:fs"],
] as const)("%s may not import %s", ([from, to]) => {
  expect(breach(from, to)).toBeDefined();
});

test("a lazy package may be loaded by import() only", () => {
  expect(breach("agent/facts.ts", "systeminformation", true)).toBeUndefined();
  expect(breach("agent/facts.ts", "systeminformation", false)).toContain("import() only");
});
