import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { mountPointIn } from "../support/fuse-mount.ts";
import { type RunningProgram, startProgram } from "../support/run-program.ts";
import { makeCgroup, type TestCgroup } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  compile,
  cpuMicroseconds,
  isServer,
  onlyChild,
  ownMiB,
  residentMiB,
  shimArgv,
  startFloor,
  startLxcfs,
  startOurs,
  type Target,
} from "./shim-targets.ts";

/*
 * What a reader in a container pays for a file: open + read to the end + close by a C program, of ours by caller and by
 * name, of the kernel's own, of a FUSE server in C that does nothing else (the floor), and of LXCFS where it is installed;
 * one pread(2) of ours by name and of the kernel's; and what hundreds of readers in another container do to it.
 * Alternating rounds of one run: whatever else the machine does falls on all of them.
 */

const ROUNDS = 5;
const SECONDS_PER_ROUND = 0.5;
const FILES = ["meminfo", "stat", "cpuinfo", "uptime", "loadavg", "diskstats"];
const PINNED_TO = "1";
const CROWD = 240;

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

interface Crowd extends Pick<Machine, "reader" | "container"> {
  readonly cgroup: TestCgroup;
}

interface Setting extends Machine {
  readonly file: string;
  readonly readers: number;
  /** Kept open, and read by one pread(2). */
  readonly isSteady?: boolean;
}

const cleanup = new Cleanup();
try {
  await bench();
} finally {
  await cleanup.run();
}

async function bench(): Promise<void> {
  const reader = await compile(cleanup, "reader", "-pthread");
  const [byName, names] = [mountPointIn(cleanup), cleanup.temporaryFolder()];
  const ours = await startOurs(cleanup, "--containers-mount", byName, "--names", names);
  const targets = [
    { name: "kernel", folder: "/proc", pid: undefined },
    await startFloor(cleanup),
    ours,
    { name: "by name", folder: join(byName, "bench/proc"), pid: ours.pid },
    ...(await startLxcfs(cleanup)),
  ];
  const container = await startContainer(makeCgroup(cleanup, `plimsoll-bench-${process.pid}`));
  await exec(shimArgv("name", "bench", "--pid", `${container}`, "--names", names));
  for (const isPinned of [true, false]) await benchOn(targets, { reader, container, isPinned });
  const cgroup = makeCgroup(cleanup, `plimsoll-bench-crowd-${process.pid}`);
  const crowd = { reader, container: await startContainer(cgroup), cgroup };
  await benchBesideCrowd(targets.filter(isServer), { reader, container, isPinned: false }, crowd);
  console.log("\nresident MiB, and without the pages of files");
  for (const { name, pid } of targets.filter(isServer))
    console.log(`  ${name.padEnd(8)}${residentMiB(pid)}${ownMiB(pid)}`);
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
  const steady = await measureAll(targets.filter(isCached), {
    ...machine,
    file: "meminfo",
    readers: 1,
    isSteady: true,
  });
  print("meminfo, one pread(2)", steady);
  if (isPinned) printGoals(byReaders.get(1) ?? new Map(), byReaders.get(8) ?? new Map(), steady);
  for (const file of FILES.slice(1)) {
    print(`${file}, 1 reader`, await measureAll(targets, { ...machine, file, readers: 1 }));
  }
}

/** 512 MiB and one and a half CPUs. The reader runs in its namespaces but not in its cgroup: the quota would be measured. */
async function startContainer(cgroup: TestCgroup): Promise<number> {
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
      if (!existsSync(join(target.folder, setting.file))) continue;
      const measured = await measureOnce(target, setting);
      if (round > 0) rounds.get(target.name)?.push(measured); // the first compiles us
    }
  }
  return new Map(
    [...rounds].filter(([, each]) => each.length > 0).map(([name, each]) => [name, medians(each)]),
  );
}

async function measureOnce({ folder, pid }: Target, setting: Setting): Promise<Measured> {
  const { reader, container, file, readers, isPinned, isSteady = false } = setting;
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
    ...(isSteady ? ["pread"] : []),
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

/** The goals, as ratios of this run. */
function printGoals(one: Results, eight: Results, steady: Results): void {
  const goals = [
    ["ours", "floor", "p50, 1 reader", one, "p50Us", "≤ 2"],
    ["ours", "lxcfs", "p50, 1 reader", one, "p50Us", "≤ 0.35"],
    ["ours", "lxcfs", "server CPU a read, 1 reader", one, "serverCpuUs", "≤ 0.25"],
    ["ours", "lxcfs", "reads/s, 8 readers", eight, "readsPerSecond", "≥ 3.5"],
    ["ours", "lxcfs", "p99, 8 readers", eight, "p99Us", "≤ 0.5"],
    ["by name", "kernel", "p50, 1 reader", one, "p50Us", "≤ 0.55"],
    ["by name", "kernel", "p50, one pread(2)", steady, "p50Us", "≤ 0.2"],
  ] as const;
  console.log("meminfo               ratio   goal");
  for (const [one, other, what, results, figure, goal] of goals) {
    const [ours, theirs] = [results.get(one), results.get(other)];
    if (ours === undefined || theirs === undefined) continue;
    const ratio = (ours[figure] / theirs[figure]).toFixed(2);
    console.log(`  ${`${one} / ${other}`.padEnd(18)}${ratio.padStart(7)}   ${goal.padEnd(6)}  ${what}`);
  }
}

function isCached({ name }: Target): boolean {
  return name === "kernel" || name === "by name";
}

/** Readers of another container at the same files. */
async function benchBesideCrowd(targets: readonly Target[], machine: Machine, crowd: Crowd): Promise<void> {
  console.log(`\nmeminfo, 1 reader, and ${CROWD} of another container`);
  console.log(`${"".padEnd(22)}p50 µs   p99 µs   alone: p50      p99   p99 ratio`);
  for (const target of targets) {
    const setting = { ...machine, file: "meminfo", readers: 1 };
    const measure = async (): Promise<Measured> => {
      const rounds: Measured[] = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await measureOnce(target, setting));
      return medians(rounds);
    };
    const alone = await measure();
    const others = startCrowd(target, crowd);
    await sleep(1000);
    const beside = await measure();
    for (const other of others) await other.stop("SIGKILL");
    const columns = [beside.p50Us, beside.p99Us, alone.p50Us, alone.p99Us].map((us) => us.toFixed(1));
    const ratio = (beside.p99Us / alone.p99Us).toFixed(1);
    console.log(
      `  ${target.name.padEnd(18)}${[...columns, ratio].map((text, i) => text.padStart([8, 9, 13, 9, 12][i] ?? 0)).join("")}`,
    );
  }
}

/** In its cgroup: two hundred that read from the page cache would take every CPU from the servers, as no container can. */
function startCrowd({ folder }: Target, { reader, container, cgroup }: Crowd): readonly RunningProgram[] {
  const argv = [
    ...["sh", "-ec", 'echo $$ > "$0"; exec "$@"', join(cgroup.directory("cpu"), "cgroup.procs")],
    "nsenter",
    "-t",
    `${container}`,
    "-p",
    "-C",
    reader,
    join(folder, "meminfo"),
    `${CROWD / 4}`,
    "60",
  ];
  return Array.from({ length: 4 }, () => startProgram(cleanup, argv));
}

/** All its threads, to one core or to every one. */
async function pin(pid: number, isPinned: boolean): Promise<void> {
  const all = readFileSync("/sys/devices/system/cpu/online", "utf8").trim();
  await exec(["taskset", "-a", "-cp", isPinned ? PINNED_TO : all, `${pid}`]);
}
