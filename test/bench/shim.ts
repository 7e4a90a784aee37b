import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorLine } from "../../core/runtime/errors.ts";
import { exec } from "../../core/runtime/exec.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import { Cleanup } from "../support/cleanup.ts";
import { mountPointIn } from "../support/fuse-mount.ts";
import { type RunningProgram, startProgram } from "../support/run-program.ts";
import { makeCgroup } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

/*
 * What a reader in a container pays for a file by caller: open + read to the end + close by a C program, of ours, of the
 * kernel's own, of a FUSE server in C that does nothing else (the floor), and of LXCFS where it is installed.
 * Alternating rounds of one run: whatever else the machine does falls on all of them.
 */

const ROUNDS = 5;
const SECONDS_PER_ROUND = 0.5;
const FILES = ["meminfo", "stat", "cpuinfo", "uptime", "loadavg", "diskstats"];
const PINNED_TO = "1";

/** One way to read a file. */
interface Target {
  readonly name: string;
  /** The directory of its files. */
  readonly folder: string;
  /** Whose CPU time a read costs; undefined for the kernel itself. */
  readonly pid: number | undefined;
}

interface Measured {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly readsPerSecond: number;
  readonly serverCpuUs: number;
}

type Results = ReadonlyMap<string, Measured>;

interface Machine {
  /** The compiled reader. */
  readonly reader: string;
  /** A process in the container. */
  readonly container: number;
  readonly isPinned: boolean;
}

interface Setting extends Machine {
  readonly file: string;
  readonly readers: number;
}

const cleanup = new Cleanup();
try {
  await bench();
} finally {
  await cleanup.run();
}

async function bench(): Promise<void> {
  const reader = await compile("reader", "-pthread");
  const targets = [
    { name: "kernel", folder: "/proc", pid: undefined },
    await startFloor(),
    await startOurs(),
    ...(await startLxcfs()),
  ];
  const container = await startContainer();
  for (const isPinned of [true, false]) await benchOn(targets, { reader, container, isPinned });
  console.log("\nresident MiB");
  for (const { name, pid } of targets.filter(isServer)) console.log(`  ${name.padEnd(8)}${residentMiB(pid)}`);
}

async function benchOn(targets: readonly Target[], machine: Machine): Promise<void> {
  const { isPinned } = machine;
  for (const { pid } of targets.filter(isServer)) await pin(pid, isPinned);
  console.log(`\n${isPinned ? "pinned to one core, servers and readers" : "any core"}`);
  const byReaders = new Map<number, Results>();
  for (const readers of [1, 2, 8]) {
    const results = await measureAll(targets, { ...machine, file: "meminfo", readers });
    byReaders.set(readers, results);
    print(`meminfo, ${readers} reader${readers === 1 ? "" : "s"}`, results);
  }
  if (isPinned) printGoals(byReaders.get(1) ?? new Map(), byReaders.get(8) ?? new Map());
  for (const file of FILES.slice(1)) {
    print(`${file}, 1 reader`, await measureAll(targets, { ...machine, file, readers: 1 }));
  }
}

async function compile(name: string, ...flags: readonly string[]): Promise<string> {
  const program = join(cleanup.temporaryFolder(), name);
  await exec(["cc", "-O2", ...flags, "-o", program, join(packageDirectory(), `test/bench/${name}.c`)]);
  return program;
}

async function startFloor(): Promise<Target> {
  const folder = mountPointIn(cleanup);
  await exec(["mkdir", folder]);
  const floor = startProgram(cleanup, [await compile("floor"), folder]);
  await floor.waitForLine(/ready/);
  return { name: "floor", folder, pid: floor.pid };
}

async function startOurs(): Promise<Target> {
  const folder = mountPointIn(cleanup);
  const holder = startProgram(cleanup, [
    join(packageDirectory(), "bin/plimsoll-shim"),
    "serve",
    "--mount",
    folder,
  ]);
  cleanup.add("plimsoll-shim", async () => void (await holder.stop()));
  await holder.waitForLine(/"msg":"ready"/);
  return { name: "ours", folder: join(folder, "proc"), pid: onlyChild(holder) };
}

async function startLxcfs(): Promise<readonly Target[]> {
  const folder = mountPointIn(cleanup);
  await exec(["mkdir", folder]);
  const pidFile = join(folder, "../pid");
  const argv = ["lxcfs", "-f", "-l", "--enable-cfs", "-p", pidFile, folder];
  try {
    const lxcfs = startProgram(cleanup, argv);
    cleanup.add("lxcfs", async () => void (await lxcfs.stop()));
    const isThere = (): boolean => readFileSync("/proc/self/mountinfo", "utf8").includes(` ${folder} `);
    await waitFor("lxcfs", isThere);
    return [{ name: "lxcfs", folder: join(folder, "proc"), pid: lxcfs.pid }];
  } catch (error) {
    console.log(`without LXCFS: ${errorLine(error)}`);
    return [];
  }
}

/** 512 MiB and one and a half CPUs. The reader runs in its namespaces but not in its cgroup: the quota would be measured. */
async function startContainer(): Promise<number> {
  const cgroup = makeCgroup(cleanup, `plimsoll-bench-${process.pid}`);
  cgroup.setMemoryLimit(512 * 2 ** 20);
  cgroup.setQuota(1.5);
  const namespaces = ["unshare", "--pid", "--cgroup", "--fork", "--kill-child", "sleep", "3600"];
  const directories = (["memory", "cpu", "cpuacct", "pids"] as const).map(cgroup.directory);
  const join = [...new Set(directories)].map((path) => `echo $$ > ${path}/cgroup.procs`);
  const unshare = startProgram(cleanup, ["sh", "-ec", `${join.join("\n")}\nexec "$@"`, "sh", ...namespaces]);
  return waitFor("the container", () => onlyChild(unshare) || undefined);
}

async function measureAll(targets: readonly Target[], setting: Setting): Promise<Results> {
  const rounds = new Map(targets.map(({ name }): [string, Measured[]] => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const target of targets) {
      if (target.name === "floor" && setting.file !== "meminfo") continue;
      const measured = await measureOnce(target, setting);
      if (round > 0) rounds.get(target.name)?.push(measured); // the first compiles us
    }
  }
  return new Map(
    [...rounds].filter(([, each]) => each.length > 0).map(([name, each]) => [name, medians(each)]),
  );
}

async function measureOnce({ folder, pid }: Target, setting: Setting): Promise<Measured> {
  const { reader, container, file, readers, isPinned } = setting;
  const pinned = isPinned ? ["taskset", "-c", PINNED_TO] : [];
  const inside = ["nsenter", "-t", `${container}`, "-p", "-C"];
  const before = pid === undefined ? 0 : cpuMicroseconds(pid);
  const { stdout } = await exec([
    ...pinned,
    ...inside,
    reader,
    join(folder, file),
    `${readers}`,
    `${SECONDS_PER_ROUND}`,
  ]);
  const { reads, seconds, p50Us, p99Us } = JSON.parse(stdout);
  const cpuUs = pid === undefined ? 0 : cpuMicroseconds(pid) - before;
  return { p50Us, p99Us, readsPerSecond: reads / seconds, serverCpuUs: cpuUs / reads };
}

function medians(rounds: readonly Measured[]): Measured {
  const median = (of: (measured: Measured) => number): number =>
    rounds.map(of).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? Number.NaN;
  return {
    p50Us: median(({ p50Us }) => p50Us),
    p99Us: median(({ p99Us }) => p99Us),
    readsPerSecond: median(({ readsPerSecond }) => readsPerSecond),
    serverCpuUs: median(({ serverCpuUs }) => serverCpuUs),
  };
}

function print(title: string, measured: Results): void {
  console.log(`${title.padEnd(22)}p50 µs   p99 µs    reads/s   server µs`);
  for (const [name, { p50Us, p99Us, readsPerSecond, serverCpuUs }] of measured) {
    const columns = [p50Us.toFixed(1), p99Us.toFixed(1), readsPerSecond.toFixed(0), serverCpuUs.toFixed(1)];
    console.log(
      `  ${name.padEnd(18)}${columns.map((text, i) => text.padStart([8, 9, 11, 12][i] ?? 0)).join("")}`,
    );
  }
}

/** The goals of by-caller files, as ratios of this run. */
function printGoals(one: Results, eight: Results): void {
  const goals = [
    ["p50, 1 reader", one, "p50Us", "floor", "≤ 2"],
    ["p50, 1 reader", one, "p50Us", "lxcfs", "≤ 0.35"],
    ["server CPU a read, 1 reader", one, "serverCpuUs", "lxcfs", "≤ 0.25"],
    ["reads/s, 8 readers", eight, "readsPerSecond", "lxcfs", "≥ 3.5"],
    ["p99, 8 readers", eight, "p99Us", "lxcfs", "≤ 0.5"],
  ] as const;
  console.log("meminfo, ours to      ratio   goal");
  for (const [what, results, figure, other, goal] of goals) {
    const [ours, theirs] = [results.get("ours"), results.get(other)];
    if (ours === undefined || theirs === undefined) continue;
    const ratio = (ours[figure] / theirs[figure]).toFixed(2);
    console.log(`  ${other.padEnd(18)}${ratio.padStart(7)}   ${goal.padEnd(6)}  ${what}`);
  }
}

function isServer(target: Target): target is Target & { readonly pid: number } {
  return target.pid !== undefined;
}

/** All its threads, to one core or to every one. */
async function pin(pid: number, isPinned: boolean): Promise<void> {
  const all = readFileSync("/sys/devices/system/cpu/online", "utf8").trim();
  await exec(["taskset", "-a", "-cp", isPinned ? PINNED_TO : all, `${pid}`]);
}

function onlyChild(program: RunningProgram): number {
  return Number(
    readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, "utf8").trim().split(" ")[0],
  );
}

/** utime + stime of all threads, in ticks of 10 ms. */
function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function residentMiB(pid: number): string {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kibibytes) / 1024).toFixed(1).padStart(6);
}
