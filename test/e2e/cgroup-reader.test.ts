import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { afterEach, expect } from "vitest";
import { readEffective } from "../../core/kernel/cgroup/effective.ts";
import { openCgroupReader } from "../../core/kernel/cgroup/open-reader.ts";
import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";
import { openHostRoot } from "../../core/kernel/host-root.ts";
import { readMeminfo } from "../../core/kernel/proc/meminfo.ts";
import { readPidCgroup } from "../../core/kernel/proc/pid-cgroup.ts";
import { Cleanup } from "../support/cleanup.ts";
import { canMakeCgroups, cgroupVersion, isRoot, testIf } from "../support/host.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const MIB = 1024 * 1024;
const NAME = `plimsoll-test-${process.pid}`;
const HIERARCHIES = cgroupVersion === 1 ? ["memory", "cpu", "cpuacct"] : ["."];
const FILES =
  cgroupVersion === 1
    ? { memory: "memory/NAME/memory.limit_in_bytes", cpu: "cpu/NAME/cpu.cfs_quota_us" }
    : { memory: "NAME/memory.max", cpu: "NAME/cpu.max" };

const root = openHostRoot();
const inNamed = (file: string): string => root.cgroup(file.replace("NAME", NAME));

function makeCgroup(): void {
  if (cgroupVersion === 2) handDown(root.cgroup("."));
  for (const hierarchy of HIERARCHIES) {
    const directory = root.cgroup(`${hierarchy}/${NAME}`);
    mkdirSync(directory, { recursive: true }); // cpu and cpuacct may be one
    // A process that was killed leaves its cgroup a moment later: until then EBUSY.
    cleanup.add(directory, async () => {
      await waitFor("an empty cgroup", () => removed(directory));
    });
  }
}

/** On v2 a cgroup has the files of a controller only if its parent hands it down. */
function handDown(directory: string): void {
  writeFileSync(`${directory}/cgroup.subtree_control`, "+memory +cpu");
}

function removed(directory: string): boolean {
  try {
    rmdirSync(directory);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT";
  }
  return true;
}

function startProcess(...argv: readonly [string, ...string[]]): number {
  const [command, ...args] = argv;
  const child = spawn(command, args, { stdio: "ignore" });
  const ended = once(child, "exit");
  cleanup.add(command, async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return child.pid ?? 0;
}

function pathOf(pid: number): CgroupPath {
  const path = readPidCgroup(root, pid);
  if (path === undefined) throw new Error(`process ${pid} is gone`);
  return path;
}

testIf(isRoot, canMakeCgroups)("the kernel's own cgroup reads as it was set up", () => {
  makeCgroup();
  writeFileSync(inNamed(FILES.memory), `${64 * MIB}`);
  writeFileSync(inNamed(FILES.cpu), "50000");
  const pid = startProcess("sleep", "60");
  for (const hierarchy of HIERARCHIES) writeFileSync(inNamed(`${hierarchy}/NAME/cgroup.procs`), `${pid}`);

  const reader = openCgroupReader(root);
  const path = pathOf(pid);
  const { memory, quotaCpus, cpus } = readEffective(reader, path);
  expect(reader.version).toBe(cgroupVersion);
  expect(memory?.limitBytes).toBe(64 * MIB);
  expect(memory?.roomBytes).toBe(64 * MIB - (memory?.stats.usageBytes ?? 0));
  expect(memory?.stats.limitBytes).toBeLessThan(readMeminfo(root)?.get("MemTotal")?.value ?? 0);
  expect(memory?.stats.detail.anonBytes).toBeGreaterThanOrEqual(0);
  expect(quotaCpus).toBe(0.5);
  expect(cpus?.length).toBeGreaterThan(0);
  expect(reader.read(path).cpu?.throttling?.periods).toBeGreaterThanOrEqual(0);
  expect(reader.processes(path)).toEqual([pid]);
});

testIf(isRoot, canMakeCgroups)(
  "a cgroup that comes and goes while it is read is undefined, never an exception",
  () => {
    makeCgroup();
    const directory = root.cgroup(`${HIERARCHIES[0]}/${NAME}`);
    if (cgroupVersion === 2) handDown(directory);
    const path: CgroupPath = {
      unified: `/${NAME}/child`,
      controllers: new Map(HIERARCHIES.map((name) => [name, `/${NAME}/child`])),
    };
    // Before the loop is started, so that it is taken back after the loop's end: that may leave a child.
    cleanup.add("child", async () => {
      await waitFor("no child", () => removed(`${directory}/child`));
    });
    startProcess("sh", "-c", `cd '${directory}' && while mkdir child && rmdir child; do :; done`);

    const reader = openCgroupReader(root);
    const seen = new Set<boolean>();
    const end = Date.now() + 10_000;
    for (let round = 0; (round < 2000 || seen.size < 2) && Date.now() < end; round++) {
      const stats = reader.read(path).memory;
      expect(Object.values(stats?.detail ?? {})).not.toContain(Number.NaN);
      expect(reader.processes(path)).toEqual([]);
      expect(readEffective(reader, path).memory?.limitBytes).not.toBeNaN();
      seen.add(stats !== undefined);
    }
    expect(seen.size).toBe(2);
  },
);
