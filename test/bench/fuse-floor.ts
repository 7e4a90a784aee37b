import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/*
 * What the engine itself costs a reader: open + read to the end + close of a constant file of meminfo's
 * length, against the kernel's own /proc/meminfo, alternating in one run. The shim's files come on top.
 */

const ROUNDS = 10;
const READS_PER_ROUND = 1000;

export interface Floor {
  readonly kernel: Quantiles;
  readonly engine: Quantiles;
  /** Microseconds of the server's CPU per open + read + read + close. */
  readonly serverCpuUs: number;
  readonly serverResidentMiB: number;
}

export interface Quantiles {
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Starts the static server, measures, takes it down again. */
export async function measureFloor(): Promise<Floor> {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-bench-"));
  const program = fileURLToPath(new URL(`./fuse-static-server${extname(import.meta.url)}`, import.meta.url));
  const directory = join(folder, "mount");
  const server = spawn(process.execPath, ["--max-semi-space-size=1", program, directory], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  try {
    await once(createInterface({ input: server.stderr }), "line"); // "ready"
    return measure(join(directory, "meminfo"), server.pid ?? 0);
  } finally {
    server.kill("SIGTERM");
    await once(server, "exit");
    rmSync(folder, { recursive: true });
  }
}

function measure(path: string, server: number): Floor {
  const kernel: number[] = [];
  const engine: number[] = [];
  let cpuUs = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const ofKernel = timeReads("/proc/meminfo");
    const before = cpuMicroseconds(server);
    const ofEngine = timeReads(path);
    if (round === 0) continue; // both are compiled now
    cpuUs += cpuMicroseconds(server) - before;
    kernel.push(...ofKernel);
    engine.push(...ofEngine);
  }
  return {
    kernel: quantiles(kernel),
    engine: quantiles(engine),
    serverCpuUs: cpuUs / (ROUNDS * READS_PER_ROUND),
    serverResidentMiB: residentMiB(server),
  };
}

function timeReads(path: string): readonly number[] {
  const buffer = Buffer.alloc(4096);
  return Array.from({ length: READS_PER_ROUND }, () => {
    const start = process.hrtime.bigint();
    const fd = openSync(path, "r");
    while (readSync(fd, buffer, 0, buffer.length, null) > 0);
    closeSync(fd);
    return Number(process.hrtime.bigint() - start) / 1000;
  });
}

function quantiles(samples: readonly number[]): Quantiles {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * sorted.length)] ?? Number.NaN;
  return { p50Us: at(0.5), p99Us: at(0.99) };
}

/** utime + stime of /proc/PID/stat, in ticks of 10 ms. */
function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

const PINNED = "--pinned";

/** Server and reader on one core: on two, a virtual machine's way of waking a halted CPU is measured. */
function measurePinned(program: string): void {
  const { error } = spawnSync("taskset", ["-c", "0", process.execPath, program, PINNED], {
    stdio: "inherit",
  });
  if (error !== undefined) console.log(`not pinned to one core: ${error.message}`);
}

async function print(): Promise<void> {
  const { kernel, engine, serverCpuUs, serverResidentMiB } = await measureFloor();
  const row = (name: string, { p50Us, p99Us }: Quantiles): string =>
    `  ${name.padEnd(26)} p50 ${p50Us.toFixed(1).padStart(6)} µs   p99 ${p99Us.toFixed(1).padStart(6)} µs`;
  console.log(row("kernel's own /proc", kernel));
  console.log(row("engine, a constant file", engine));
  console.log(
    `  ratio ${(engine.p50Us / kernel.p50Us).toFixed(2)}, server ${serverCpuUs.toFixed(1)} µs CPU a read, ${serverResidentMiB.toFixed(0)} MiB resident`,
  );
}

const program = fileURLToPath(import.meta.url);
if (process.argv[1] === program) {
  const isPinned = process.argv.includes(PINNED);
  if (!isPinned) measurePinned(program);
  console.log(`open + read to the end + close of meminfo, one reader, ${isPinned ? "one core" : "any core"}`);
  await print();
}
