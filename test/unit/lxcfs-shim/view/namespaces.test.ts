import { expect, test } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { isRunning, readNamespace } from "../../../../lxcfs-shim/view/namespaces.ts";

test("the kernel's own names", () => {
  const root = openHostRoot();

  expect(readNamespace(root, "self", "pid")).toMatch(/^pid:\[\d+\]$/);
  expect(readNamespace(root, process.pid, "pid")).toBe(readNamespace(root, "self", "pid"));
});

test("of a process that is gone there are none", () => {
  expect(readNamespace(openHostRoot(), 4_194_305, "pid")).toBeUndefined();
});

test("the dead do not run", () => {
  expect(["R", "S", "D", "T", "Z", "X"].filter((state) => isRunning({ state }))).toEqual([
    "R",
    "S",
    "D",
    "T",
  ]);
});
