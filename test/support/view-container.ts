import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, realpathSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startProcess } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import { cgroupVersion } from "./host.ts";
import { PATIENCE } from "./patience.ts";
import { waitFor } from "./wait-for.ts";

const BASE = "/sys/fs/cgroup";
const V1_CONTROLLERS = ["memory", "cpu", "cpuacct", "pids", "blkio", "cpuset"] as const;

/** One cgroup, with a directory on each hierarchy that has a part in it. */
export interface TestCgroup {
  /** `directory("memory")`: on v2 the same for all. */
  directory(controller: (typeof V1_CONTROLLERS)[number]): string;
  setMemoryLimit(bytes: number): void;
  setQuota(cpus: number): void;
  /** memory.current. */
  usageBytes(): number;
  inactiveFileBytes(): number;
  cpuSeconds(): number;
}

const PERIOD_US = 100_000;

export function makeCgroup(cleanup: Cleanup, name: string): TestCgroup {
  // Where cpu and cpuacct are one hierarchy, both names are links to it.
  const directory = (controller: string): string =>
    join(realpathSync(join(BASE, cgroupVersion === 1 ? controller : "")), name);
  const directories = [...new Set(V1_CONTROLLERS.map(directory))];
  if (cgroupVersion === 2)
    writeFileSync(join(BASE, "cgroup.subtree_control"), "+memory +cpu +pids +io +cpuset");
  for (const path of directories) {
    mkdirSync(path);
    // Its processes have ended, but the kernel may still be taking them down.
    cleanup.add(`cgroup ${path}`, () => waitFor(`${path} is empty`, () => tryRemove(path)).then(() => {}));
  }
  if (cgroupVersion === 1) {
    // Nobody may enter a cpuset that has no CPUs or no memory yet.
    for (const file of ["cpuset.cpus", "cpuset.mems"])
      writeFileSync(join(directory("cpuset"), file), readFileSync(join(BASE, "cpuset", file)));
  }
  const [v1, read, write] = [cgroupVersion === 1, readNumber(directory), writeTo(directory)];
  return {
    directory,
    setMemoryLimit: (bytes) => write("memory", v1 ? "memory.limit_in_bytes" : "memory.max", `${bytes}`),
    setQuota: (cpus) => {
      const quota = Math.round(cpus * PERIOD_US);
      if (v1) write("cpu", "cpu.cfs_quota_us", `${quota}`);
      else write("cpu", "cpu.max", `${quota} ${PERIOD_US}`);
    },
    usageBytes: () => read("memory", v1 ? "memory.usage_in_bytes" : "memory.current"),
    inactiveFileBytes: () => read("memory", "memory.stat", v1 ? "total_inactive_file" : "inactive_file"),
    cpuSeconds: () =>
      v1 ? read("cpuacct", "cpuacct.usage") / 1e9 : read("cpu", "cpu.stat", "usage_usec") / 1e6,
  };
}

/** A container out of unshare(1): mount, pid and cgroup namespaces, and the files of a shim's mount, if any, over its own /proc and /sys. */
export interface ViewContainer {
  /** Of its first process, in the host's numbering. */
  readonly pid: number;
  /** Runs a command inside to its end. It is not in the cgroup: what it does is not counted there. */
  run(...argv: readonly string[]): string;
  /** Starts a command inside that is. */
  start(...argv: readonly string[]): InsideProcess;
  /** Starts one that is not. */
  startUncounted(...argv: readonly string[]): InsideProcess;
  kill(): void;
}

export interface InsideProcess {
  /** Waits until what it has printed so far matches. */
  prints(pattern: RegExp): Promise<void>;
  /** Ends it, and gives what it printed. */
  stop(): Promise<string>;
  /** Waits for its end. */
  finished(): Promise<string>;
}

export async function startViewContainer(
  cleanup: Cleanup,
  cgroup: TestCgroup,
  mount?: string,
): Promise<ViewContainer> {
  const joinCgroup = [...new Set(V1_CONTROLLERS.map(cgroup.directory))].map(
    (path) => `echo $$ > ${path}/cgroup.procs`,
  );
  const binds = [
    `for file in ${mount}/proc/*; do [ ! -e "/proc/\${file##*/}" ] || mount --bind "$file" "/proc/\${file##*/}"; done`,
    `for file in ${mount}/sys/devices/system/*; do mount --bind "$file" "/sys/devices/system/\${file##*/}"; done`,
  ];
  const inside = [...(mount === undefined ? [] : binds), "exec sleep 600"].join("\n");
  const unshare = "unshare --mount --pid --cgroup --fork --kill-child --mount-proc --propagation private";
  const script = [...joinCgroup, `exec ${unshare} sh -ec "$0"`].join("\n");
  const child = startProcess(["sh", "-ec", script, inside], { stdio: ["ignore", "ignore", "inherit"] });
  cleanup.add("container", () => void child.kill("SIGKILL"));
  const pid = await waitFor("the container's first process", () => sleepingInit(child.pid ?? 0));
  const [nsenter, ...into] = ["nsenter", "-t", `${pid}`, "-m", "-p", "-C"] as const;
  const run = (...argv: readonly string[]): string =>
    execFileSync(nsenter, [...into, ...argv], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 20_000 * PATIENCE,
      env: { ...process.env, LC_ALL: "C" },
    });
  const startBy = (enter: readonly [string, ...string[]], argv: readonly string[]): InsideProcess => {
    const entered = startProcess([...enter, ...argv], { stdio: ["ignore", "pipe", "inherit"] });
    const chunks: string[] = [];
    const ended = once(entered, "close");
    entered.stdout?.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    const prints = async (pattern: RegExp): Promise<void> => {
      await waitFor(`${argv.join(" ")} prints ${pattern}`, () => pattern.test(chunks.join("")));
    };
    const finished = (): Promise<string> => ended.then(() => chunks.join(""));
    const stop = (): Promise<string> => {
      // nsenter waits for the process that is in the pid namespace, and hands no signal on.
      for (const child of childrenOf(entered.pid ?? 0)) process.kill(child, "SIGTERM");
      return finished();
    };
    cleanup.add(argv.join(" "), async () => void (await stop()));
    return { prints, stop, finished };
  };
  const inCgroup = ["sh", "-ec", [...joinCgroup, 'exec "$@"'].join("\n"), "sh"] as const;
  const start = (...argv: readonly string[]): InsideProcess => startBy([...inCgroup, nsenter, ...into], argv);
  const startUncounted = (...argv: readonly string[]): InsideProcess => startBy([nsenter, ...into], argv);
  return { pid, run, start, startUncounted, kill: () => void child.kill("SIGKILL") };
}

/** The one child of unshare, once it has become what it is to be. */
function sleepingInit(unshare: number): number | undefined {
  const [child] = childrenOf(unshare);
  try {
    return readFileSync(`/proc/${child}/comm`, "utf8") === "sleep\n" ? child : undefined;
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .trim()
      .split(" ")
      .map(Number)
      .filter(Boolean);
  } catch {
    return [];
  }
}

function tryRemove(path: string): true | undefined {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return undefined;
  }
}

/** A file's number, or that of the line that begins with `key`. */
function readNumber(directory: (controller: string) => string) {
  return (controller: string, file: string, key?: string): number => {
    const text = readFileSync(join(directory(controller), file), "utf8");
    const value = key === undefined ? text : new RegExp(`^${key} (\\d+)$`, "m").exec(text)?.[1];
    return Number(value);
  };
}

function writeTo(directory: (controller: string) => string) {
  return (controller: string, file: string, text: string): void =>
    writeFileSync(join(directory(controller), file), text);
}
