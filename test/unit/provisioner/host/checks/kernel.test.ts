import { afterEach, expect, test } from "vitest";
import { checkKernel } from "../../../../../provisioner/host/checks/kernel.ts";
import { checkContext, kernelFiles } from "../../../../support/check-context.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const check = async (files: Readonly<Record<string, string>>): Promise<string[]> => {
  const findings = await checkKernel(checkContext({ root: kernelFiles(cleanup, files) }));
  return findings.map(({ state, what }) => `${state}: ${what}`);
};

test("a host of cgroup v2 that has everything", async () => {
  const findings = await check({
    "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
    "proc/pressure/memory": "",
    "dev/fuse": "",
    "proc/self/status": "CapEff:\t000001ffffffffff\n",
  });

  expect(findings[0]).toBe("ok: cgroup v2 limits CPU and memory");
  expect(findings.every((each) => each.startsWith("ok"))).toBe(true);
});

test("a host of cgroup v1 that lacks what it can", async () => {
  const findings = await check({
    "proc/cgroups":
      "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t1\t1\t1\ncpu\t2\t1\t1\nmemory\t0\t1\t0\n",
    "proc/self/status": "CapEff:\t000001fffeffffff\n",
  });

  expect(findings.slice(0, -1)).toEqual([
    "wrong: cgroup v1 without memory: machines cannot be limited",
    "note: the kernel accounts no pressure: agents push none, and containers have no /proc/pressure",
    "wrong: no /dev/fuse: containers would see the host's /proc",
    "note: without CAP_SYS_RESOURCE ext4 does not grow while it is mounted; XFS and btrfs do",
  ]);
});
