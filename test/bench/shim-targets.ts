import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorLine } from "../../core/runtime/errors.ts";
import { exec } from "../../core/runtime/exec.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import type { Cleanup } from "../support/cleanup.ts";
import { mountPointIn } from "../support/fuse-mount.ts";
import { type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

/** One way to read a file. */
export interface Target {
  readonly name: string;
  /** The directory of its files. */
  readonly folder: string;
  /** Whose CPU time a read costs; undefined for the kernel itself. */
  readonly pid: number | undefined;
}

export async function compile(cleanup: Cleanup, name: string, ...flags: readonly string[]): Promise<string> {
  const program = join(cleanup.temporaryFolder(), name);
  await exec(["cc", "-O2", ...flags, "-o", program, join(packageDirectory(), `test/bench/${name}.c`)]);
  return program;
}

export async function startFloor(cleanup: Cleanup): Promise<Target> {
  const folder = mountPointIn(cleanup);
  await exec(["mkdir", folder]);
  const floor = startProgram(cleanup, [await compile(cleanup, "floor"), folder]);
  await floor.waitForLine(/ready/);
  return { name: "floor", folder, pid: floor.pid };
}

export function shimArgv(...args: readonly string[]): readonly string[] {
  return [join(packageDirectory(), "bin/plimsoll-shim"), ...args];
}

/** Ours; `extra` says more to `serve`. */
export async function startOurs(cleanup: Cleanup, ...extra: readonly string[]): Promise<Target> {
  const folder = mountPointIn(cleanup);
  const holder = startProgram(cleanup, shimArgv("serve", "--mount", folder, ...extra));
  cleanup.add("plimsoll-shim", async () => void (await holder.stop()));
  await holder.waitForLine(/"msg":"ready"/);
  return { name: "ours", folder: join(folder, "proc"), pid: onlyChild(holder) };
}

export async function startLxcfs(cleanup: Cleanup): Promise<readonly Target[]> {
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

export function isServer(target: Target): target is Target & { readonly pid: number } {
  return target.pid !== undefined;
}

export function onlyChild(program: RunningProgram): number {
  return Number(
    readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, "utf8").trim().split(" ")[0],
  );
}

/** utime + stime of all threads, in ticks of 10 ms. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

export function residentMiB(pid: number): string {
  return statusMiB(pid, "VmRSS");
}

/** Without the pages of files, which all processes of the same program share. */
export function ownMiB(pid: number): string {
  return statusMiB(pid, "RssAnon");
}

function statusMiB(pid: number, key: string): string {
  const kibibytes = new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kibibytes) / 1024).toFixed(1).padStart(6);
}
