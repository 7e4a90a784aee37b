import { expect, it } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";

it("is the real host unless told", () => {
  const root = openHostRoot();
  expect(root.proc("net/dev")).toBe("/proc/net/dev");
  expect(root.sys("devices/system/cpu")).toBe("/sys/devices/system/cpu");
  expect(root.cgroup("memory")).toBe("/sys/fs/cgroup/memory");
});

it("is below a directory", () => expect(openHostRoot("/tmp/host").proc("stat")).toBe("/tmp/host/proc/stat"));
