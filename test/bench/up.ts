import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import { openLogger } from "../../core/runtime/logger.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import { cgroupAt, cgroupProcesses } from "../../provisioner/container/cgroup.ts";
import { LAYOUT } from "../../provisioner/up/layout.ts";
import { type Running, withRunning } from "../../provisioner/up/up.ts";
import type { ReadQuantiles } from "./reader.ts";

/*
 * What a reader inside the sample container pays: open + read to the end + close of the shim's files
 * against the kernel's own of the same container, alternating in one run; and what our processes
 * take in memory.
 */

const FILES = ["meminfo", "stat", "cpuinfo", "uptime", "loadavg"];
/** Where the kernel's own /proc is mounted for the comparison, in a mount namespace of the reader's. */
const KERNEL_PROC = "/mnt";

await withRunning(
  {
    port: 19_465,
    forward: [],
    dockerImage: undefined,
    dockerSocket: "",
    onLine: () => {},
    signal: new AbortController().signal,
  },
  openLogger("bench", "warn"),
  async (running) => {
    printReads(await measureReads(running));
    await new Promise((resolve) => setTimeout(resolve, 10_000)); // the agent's start is behind it
    printMemory();
  },
);

async function measureReads({ container }: Running): Promise<readonly ReadQuantiles[]> {
  const paths = FILES.flatMap((file) => [`/proc/${file}`, `${KERNEL_PROC}/${file}`]);
  const script = `mount -t proc proc ${KERNEL_PROC} && exec "$@"`;
  const reader = join(packageDirectory(), "dist/test/bench/reader.js");
  const argv = ["nsenter", "--target", String(container.initPid), "--mount", "--pid", "--cgroup", "--"];
  const command = [process.execPath, reader.replace(packageDirectory(), "/opt/plimsoll"), ...paths];
  // In the container's namespaces, but not in its cgroup: its quota would be what is measured.
  const { stdout } = await exec([...argv, "unshare", "--mount", "sh", "-c", script, "sh", ...command], {
    timeoutMs: 120_000,
  });
  return JSON.parse(stdout);
}

function printReads(quantiles: readonly ReadQuantiles[]): void {
  console.log("open + read + close, µs      ours p50   p99   kernel p50   p99   ratio of p50");
  for (const file of FILES) {
    const ours = quantiles.find(({ path }) => path === `/proc/${file}`);
    const kernel = quantiles.find(({ path }) => path === `${KERNEL_PROC}/${file}`);
    if (ours === undefined || kernel === undefined) continue;
    const columns = [ours.p50Us, ours.p99Us, kernel.p50Us, kernel.p99Us].map((us, i) =>
      us.toFixed(1).padStart([9, 6, 13, 6][i] ?? 0),
    );
    console.log(
      `${file.padEnd(28)}${columns.join("")}${(ours.p50Us / kernel.p50Us).toFixed(2).padStart(15)}`,
    );
  }
}

function printMemory(): void {
  console.log("\nmemory, MiB                  resident   proportional   anonymous");
  for (const pid of cgroupProcesses(cgroupAt(LAYOUT.cgroup))) {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const room = /dist\/([a-z-]+)(?:\/main\.c?js|\.cjs)/.exec(command.join(" "))?.[1];
    if (room === undefined) continue;
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    const mebibytes = (key: string, width: number): string =>
      (Number(new RegExp(`^${key}: +(\\d+) kB`, "m").exec(rollup)?.[1]) / 1024).toFixed(1).padStart(width);
    console.log(
      `${room.padEnd(28)}${mebibytes("Rss", 9)}${mebibytes("Pss", 15)}${mebibytes("Anonymous", 12)}`,
    );
  }
}
