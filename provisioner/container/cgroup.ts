import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../core/runtime/clock.ts";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";

const CGROUP_ROOT = "/sys/fs/cgroup";
const V1_CONTROLLERS = ["cpu", "cpuacct", "cpuset", "memory", "blkio", "pids", "freezer"];
const V2_CONTROLLERS = ["cpu", "cpuset", "memory", "io", "pids"];
const CPU_PERIOD_US = 100_000;

/** Limits of a group; what is undefined stays unlimited. */
export interface CgroupLimits {
  readonly memoryBytes?: number;
  readonly cpus?: number;
}

/**
 * One group's directories: a single one on cgroup v2, one per controller on v1.
 * Documentation/admin-guide/cgroup-v1/, cgroup-v2.rst.
 */
export interface Cgroup {
  readonly version: 1 | 2;
  readonly directories: readonly string[];
}

/** Names the group at `path` below the hierarchy's root, whether it exists or not. Throws when this host has no usable cgroups. */
export function cgroupAt(path: string, root: string = CGROUP_ROOT): Cgroup {
  if (existsSync(join(root, "cgroup.controllers"))) return { version: 2, directories: [join(root, path)] };
  const mounted = V1_CONTROLLERS.filter((name) => existsSync(join(root, name, "cgroup.procs")));
  for (const needed of ["cpu", "memory"]) {
    if (!mounted.includes(needed)) {
      throw new PlimsollError("NO_CGROUP", `cgroups: this host has no ${needed} controller below ${root}`, {
        hint: "mount cgroup2, or the v1 controllers, there",
      });
    }
  }
  return { version: 1, directories: mounted.map((name) => join(root, name, path)) };
}

/** Creates the group and its parents, then sets its limits. Existing directories are kept. */
export function createCgroup(group: Cgroup, limits: CgroupLimits, root: string = CGROUP_ROOT): void {
  for (const directory of group.directories) {
    if (group.version === 2) enableControllers(root, directory);
    mkdirSync(directory, { recursive: true });
    inheritCpuset(root, directory);
  }
  setMemoryLimit(group, limits.memoryBytes);
  setCpuLimit(group, limits.cpus);
}

/** A v2 controller reaches a group only if every ancestor passes it on (cgroup.subtree_control). */
function enableControllers(root: string, directory: string): void {
  const names = directory.slice(root.length + 1).split("/");
  let ancestor = root;
  for (const name of names) {
    mkdirSync(ancestor, { recursive: true });
    const available = readFileSync(join(ancestor, "cgroup.controllers"), "utf8").trim().split(" ");
    for (const controller of V2_CONTROLLERS.filter((wanted) => available.includes(wanted))) {
      writeFileSync(join(ancestor, "cgroup.subtree_control"), `+${controller}`);
    }
    ancestor = join(ancestor, name);
  }
}

/** A new v1 cpuset is empty and takes no process until it is told its CPUs and memory nodes. */
function inheritCpuset(root: string, directory: string): void {
  if (!existsSync(join(directory, "cpuset.mems")) || existsSync(join(root, "cgroup.controllers"))) return;
  let at = join(root, "cpuset");
  for (const name of directory.slice(at.length + 1).split("/")) {
    const child = join(at, name);
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (readFileSync(join(child, file), "utf8").trim() === "") {
        writeFileSync(join(child, file), readFileSync(join(at, file), "utf8"));
      }
    }
    at = child;
  }
}

function setMemoryLimit(group: Cgroup, bytes: number | undefined): void {
  if (bytes === undefined) return;
  writeControl(group, "memory", group.version === 2 ? "memory.max" : "memory.limit_in_bytes", String(bytes));
  // No swap beside it, as in a machine without a swap device. Absent without swap accounting.
  writeControlIfPresent(group, "memory", "memory.swap.max", "0");
  writeControlIfPresent(group, "memory", "memory.memsw.limit_in_bytes", String(bytes));
}

/**
 * The quota gives the time, the cpuset the number of CPUs: sched_getaffinity(2), and so `nproc`,
 * knows nothing of quotas.
 */
function setCpuLimit(group: Cgroup, cpus: number | undefined): void {
  if (cpus === undefined) return;
  const quotaUs = Math.round(cpus * CPU_PERIOD_US);
  if (group.version === 2) {
    writeControl(group, "cpu", "cpu.max", `${quotaUs} ${CPU_PERIOD_US}`);
  } else {
    writeControl(group, "cpu", "cpu.cfs_period_us", String(CPU_PERIOD_US));
    writeControl(group, "cpu", "cpu.cfs_quota_us", String(quotaUs));
  }
  const effective = group.version === 2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus";
  const allowed = readControl(group, "cpuset", effective);
  if (allowed === undefined) return;
  writeControlIfPresent(group, "cpuset", "cpuset.cpus", firstCpus(allowed, Math.ceil(cpus)));
}

/** `firstCpus("0-3,8", 2)` → `0,1`: the kernel's list format (cpuset(7), "List format"). */
export function firstCpus(list: string, count: number): string {
  const ids: number[] = [];
  for (const range of list.trim().split(",")) {
    const [first = Number.NaN, last = first] = range.split("-").map(Number);
    for (let id = first; id <= last && ids.length < count; id++) ids.push(id);
  }
  return ids.join(",");
}

function controlFile(group: Cgroup, controller: string, file: string): string | undefined {
  const suffix = group.version === 2 ? "" : `/${controller}/`;
  return group.directories
    .filter((directory) => directory.includes(suffix))
    .map((directory) => join(directory, file))
    .find((path) => existsSync(path));
}

function readControl(group: Cgroup, controller: string, file: string): string | undefined {
  const path = controlFile(group, controller, file);
  return path === undefined ? undefined : readFileSync(path, "utf8");
}

function writeControl(group: Cgroup, controller: string, file: string, value: string): void {
  const path = controlFile(group, controller, file);
  if (path === undefined) {
    throw new PlimsollError(
      "NO_CGROUP",
      `cgroups: ${file} is missing below ${group.directories.join(", ")}`,
      {
        hint: `enable the ${controller} controller`,
      },
    );
  }
  try {
    writeFileSync(path, value);
  } catch (cause) {
    throw new PlimsollError("CGROUP", `cgroups: cannot write ${value} to ${path}`, { cause });
  }
}

function writeControlIfPresent(group: Cgroup, controller: string, file: string, value: string): void {
  if (controlFile(group, controller, file) !== undefined) writeControl(group, controller, file, value);
}

/**
 * An argument vector that runs `argv` inside the group: a small shell moves itself there first,
 * so that not even the program's first page is charged elsewhere.
 */
export function commandInCgroup(group: Cgroup, argv: readonly string[]): string[] {
  const script =
    'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1/cgroup.procs"; shift; n=$((n-1)); done; exec "$@"';
  return ["/bin/sh", "-ec", script, "sh", String(group.directories.length), ...group.directories, ...argv];
}

/**
 * Kills every process in the group and below it, and removes the directories. A group that is not
 * there is fine: it is what was wanted.
 */
export async function removeCgroup(group: Cgroup): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    for (const pid of group.directories.flatMap(processesBelow)) killProcess(pid);
    for (const directory of group.directories) removeTree(directory);
    if (!group.directories.some(isDirectory)) return;
    await systemClock.sleep(25);
  }
  throw new PlimsollError(
    "CGROUP",
    `cgroups: ${group.directories.find(isDirectory)} cannot be removed, it still has processes`,
  );
}

/** Every process in the group and below it. */
export function cgroupProcesses(group: Cgroup): readonly number[] {
  return [...new Set(group.directories.flatMap(processesBelow))];
}

function processesBelow(directory: string): number[] {
  const own = readOrNothing(join(directory, "cgroup.procs")).split("\n").filter(Boolean).map(Number);
  return [...childGroups(directory).flatMap(processesBelow), ...own];
}

function removeTree(directory: string): void {
  for (const child of childGroups(directory)) removeTree(child);
  try {
    rmdirSync(directory);
  } catch (error) {
    // EBUSY: a process is still dying. ENOENT: gone already. The caller looks again.
    if (!["EBUSY", "ENOENT"].includes(errnoOf(error) ?? "")) throw error;
  }
}

function childGroups(directory: string): string[] {
  if (!isDirectory(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(directory, entry.name));
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function killProcess(pid: number): void {
  if (pid <= 1 || pid === process.pid) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended in between.
  }
}
