import { afterEach, expect, test } from "vitest";
import { readMemoryInUse } from "../../../../provisioner/docker/memory-in-use.ts";
import { kernelFiles } from "../../../support/check-context.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("cgroup v1: what is used by it and below, but for idle pages of files", () => {
  const root = kernelFiles(cleanup, {
    "proc/7/cgroup": "9:cpu,cpuacct:/docker/a\n4:memory:/docker/a\n0::/\n",
    "sys/fs/cgroup/memory/docker/a/memory.usage_in_bytes": "5000\n",
    "sys/fs/cgroup/memory/docker/a/memory.stat": "inactive_file 1\ntotal_inactive_file 2000\n",
  });

  expect(readMemoryInUse(7, root)).toBe(3000);
});

test("cgroup v2", () => {
  const root = kernelFiles(cleanup, {
    "proc/7/cgroup": "0::/system.slice/docker-a.scope\n",
    "sys/fs/cgroup/system.slice/docker-a.scope/memory.current": "5000\n",
    "sys/fs/cgroup/system.slice/docker-a.scope/memory.stat": "anon 4000\ninactive_file 1000\n",
  });

  expect(readMemoryInUse(7, root)).toBe(4000);
});

test("what cannot be read is no leave to take memory away", () => {
  expect(() => readMemoryInUse(7, cleanup.temporaryFolder())).toThrow("ENOENT");
});
