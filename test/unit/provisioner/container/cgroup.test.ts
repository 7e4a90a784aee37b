import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  cgroupAt,
  commandInCgroup,
  createCgroup,
  firstCpus,
} from "../../../../provisioner/container/cgroup.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** A hierarchy of plain files. The kernel fills a new group by itself; here its files are made beforehand. */
function hierarchy(files: Readonly<Record<string, string>>): string {
  const root = cleanup.temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

const read = (...parts: readonly string[]): string => readFileSync(join(...parts), "utf8");

test("v2: passes the controllers on at each level, then sets memory, swap, quota and cpuset", () => {
  const root = hierarchy({
    "cgroup.controllers": "cpuset cpu io memory pids misc\n",
    "a/cgroup.controllers": "cpu memory\n",
    "a/b/memory.max": "max",
    "a/b/memory.swap.max": "max",
    "a/b/cpu.max": "max 100000",
    "a/b/cpuset.cpus.effective": "2-3\n",
    "a/b/cpuset.cpus": "",
  });

  createCgroup(cgroupAt("a/b", root), { memoryBytes: 1048576, cpus: 0.5 }, root);

  expect(read(root, "cgroup.subtree_control")).toBe("+pids");
  expect(read(root, "a/cgroup.subtree_control")).toBe("+memory");
  expect(read(root, "a/b/memory.max")).toBe("1048576");
  expect(read(root, "a/b/memory.swap.max")).toBe("0");
  expect(read(root, "a/b/cpu.max")).toBe("50000 100000");
  expect(read(root, "a/b/cpuset.cpus")).toBe("2");
});

test("v1: one directory per mounted controller, and a new cpuset inherits its parent's", () => {
  const root = hierarchy({
    "cpu/cgroup.procs": "",
    "cpu/a/cpu.cfs_quota_us": "-1",
    "cpu/a/cpu.cfs_period_us": "100000",
    "memory/cgroup.procs": "",
    "memory/a/memory.limit_in_bytes": "9223372036854771712",
    "cpuset/cgroup.procs": "",
    "cpuset/cpuset.cpus": "0-3",
    "cpuset/cpuset.mems": "0",
    "cpuset/a/cpuset.cpus": "",
    "cpuset/a/cpuset.mems": "",
    "cpuset/a/cpuset.effective_cpus": "0-3",
  });
  const group = cgroupAt("a", root);

  createCgroup(group, { memoryBytes: 4096, cpus: 1.5 }, root);

  expect(group).toEqual({
    version: 1,
    directories: [`${root}/cpu/a`, `${root}/cpuset/a`, `${root}/memory/a`],
  });
  expect(read(root, "cpu/a/cpu.cfs_quota_us")).toBe("150000");
  expect(read(root, "memory/a/memory.limit_in_bytes")).toBe("4096");
  expect(existsSync(join(root, "memory/a/memory.memsw.limit_in_bytes"))).toBe(false);
  expect(read(root, "cpuset/a/cpuset.mems")).toBe("0");
  expect(read(root, "cpuset/a/cpuset.cpus")).toBe("0,1");
});

test("a host without the memory controller is told so, in one line", () => {
  const root = hierarchy({ "cpu/cgroup.procs": "" });

  expect(() => cgroupAt("a", root)).toThrow(/no memory controller/);
});

test("a limit whose file is missing is an error, not silence", () => {
  const root = hierarchy({ "cgroup.controllers": "cpu\n" });

  expect(() => createCgroup(cgroupAt("a", root), { memoryBytes: 1 }, root)).toThrow(/memory\.max is missing/);
});

test("the first CPUs of a kernel list", () => {
  expect(firstCpus("0-3,8\n", 2)).toBe("0,1");
  expect(firstCpus("2,5-7", 3)).toBe("2,5,6");
  expect(firstCpus("1", 4)).toBe("1");
});

test("a command is moved into every directory before it starts, its arguments untouched", () => {
  const group = { version: 1, directories: ["/x y", "/z"] } as const;

  const argv = commandInCgroup(group, ["echo", "a b", "$HOME"]);

  expect(argv.slice(-6)).toEqual(["2", "/x y", "/z", "echo", "a b", "$HOME"]);
});
