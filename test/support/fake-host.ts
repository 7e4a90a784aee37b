import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type HostRoot, openHostRoot } from "../../core/kernel/host-root.ts";

export interface FakeProcess {
  /** Of its namespaces; the host's are 1. */
  readonly cgroupNamespace?: number;
  readonly pidNamespace?: number;
  readonly mountNamespace?: number;
  readonly startTicks?: number;
  readonly state?: string;
  readonly threadStates?: readonly string[];
  readonly comm?: string;
  /** 1 unless told. */
  readonly parent?: number;
  /** The pid in each pid namespace, from the host's inwards. */
  readonly nsPids?: readonly number[];
  /** Path in the one unified hierarchy. */
  readonly cgroup?: string;
}

/** A host of cgroup v2 in a folder, with the processes and cgroups a test puts there. Reading it is reading files. */
export class FakeHost {
  readonly root: HostRoot;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.root = openHostRoot(folder);
    this.write("proc/uptime", "1000.00 1900.00\n");
    this.write("proc/loadavg", "9.00 9.00 9.00 9/999 99999\n");
    this.write("proc/meminfo", hostMeminfo(4096));
    this.write("proc/stat", hostStat());
    this.write("proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    this.write(
      "proc/cpuinfo",
      [0, 1, 2, 3].map((id) => `processor\t: ${id}\nmodel name\t: A CPU\n\n`).join(""),
    );
    for (const name of ["online", "present", "possible"])
      this.write(`sys/devices/system/cpu/${name}`, "0-3\n");
    this.write("sys/devices/system/cpu/offline", "\n");
    this.write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
    this.#namespaces("self", {});
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.#folder, path)), { recursive: true });
    writeFileSync(join(this.#folder, path), text);
  }

  link(path: string, target: string): void {
    mkdirSync(dirname(join(this.#folder, path)), { recursive: true });
    rmSync(join(this.#folder, path), { force: true });
    symlinkSync(target, join(this.#folder, path));
  }

  remove(path: string): void {
    rmSync(join(this.#folder, path), { recursive: true });
  }

  process(pid: number, options: FakeProcess = {}): void {
    const { startTicks = 50_000, comm = "sh", parent = 1, nsPids = [pid], cgroup = "/" } = options;
    const states = options.threadStates ?? [options.state ?? "S"];
    this.#namespaces(`${pid}`, options);
    this.write(`proc/${pid}/stat`, statLine(pid, comm, states[0] ?? "S", states.length, startTicks));
    for (const [index, state] of states.entries()) {
      const tid = pid + index;
      this.write(`proc/${pid}/task/${tid}/stat`, statLine(tid, comm, state, states.length, startTicks));
    }
    this.write(
      `proc/${pid}/status`,
      `Name:\t${comm}\nState:\t${states[0]} (x)\nTgid:\t${pid}\nPid:\t${pid}\nPPid:\t${parent}\nNSpid:\t${nsPids.join("\t")}\nThreads:\t${states.length}\n`,
    );
    this.write(`proc/${pid}/cgroup`, `0::${cgroup}\n`);
  }

  kill(pid: number): void {
    this.remove(`proc/${pid}`);
  }

  /** Files of one cgroup; what a new one has, unless `files` says otherwise. */
  cgroup(path: string, files: Readonly<Record<string, string>> = {}): void {
    const defaults = {
      "cgroup.procs": "",
      "memory.current": `${100 * 2 ** 20}\n`,
      "memory.max": "max\n",
      "memory.stat": "anon 41943040\nfile 41943040\ninactive_file 20971520\n",
      "cpu.max": "max 100000\n",
      "cpu.stat": "usage_usec 30000000\nuser_usec 20000000\nsystem_usec 10000000\n",
    };
    for (const [name, text] of Object.entries({ ...defaults, ...files })) {
      this.write(`sys/fs/cgroup${path}/${name}`, text);
    }
  }

  #namespaces(pid: string, options: FakeProcess): void {
    this.link(`proc/${pid}/ns/cgroup`, `cgroup:[${options.cgroupNamespace ?? 1}]`);
    this.link(`proc/${pid}/ns/pid`, `pid:[${options.pidNamespace ?? 1}]`);
    this.link(`proc/${pid}/ns/mnt`, `mnt:[${options.mountNamespace ?? 1}]`);
  }
}

function statLine(pid: number, comm: string, state: string, threads: number, startTicks: number): string {
  const before = "1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0";
  return `${pid} (${comm}) ${state} ${before} ${threads} 0 ${startTicks} 0 0 0\n`;
}

function hostMeminfo(mebibytes: number): string {
  const names = ["MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal", "SwapFree"];
  const values = [mebibytes, mebibytes / 2, (mebibytes * 3) / 4, 1, 512, 1024, 1024];
  return names
    .map((name, index) => `${`${name}:`.padEnd(16)}${`${(values[index] ?? 0) * 1024}`.padStart(8)} kB\n`)
    .join("");
}

function hostStat(): string {
  const cpus = [0, 1, 2, 3].map((id) => `cpu${id} 100 0 100 1000 0 0 0 0 0 0\n`);
  return `cpu  400 0 400 4000 0 0 0 0 0 0\n${cpus.join("")}intr 7\nctxt 8\nbtime 1700000000\nprocesses 99\nprocs_running 3\nprocs_blocked 1\nsoftirq 5\n`;
}
