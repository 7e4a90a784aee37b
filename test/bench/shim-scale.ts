import { dirname } from "node:path";
import { Cleanup } from "../support/cleanup.ts";
import { type Crowd, openCrowd } from "./crowd.ts";
import {
  cpuMicroseconds,
  isServer,
  ownMiB,
  residentMiB,
  startLxcfs,
  startOurs,
  type Target,
} from "./shim-targets.ts";

/*
 * What many containers cost (crowd.c): 200 at once, beside LXCFS where it is installed and the kernel's own files; 200 and 1,000 that read nine files
 * once a second.
 */

const BURST_CONTAINERS = 200;
const STEADY_CONTAINERS = [200, 1000];
const STEADY_SECONDS = 20;

const cleanup = new Cleanup();
try {
  await bench();
} finally {
  await cleanup.run();
}

async function bench(): Promise<void> {
  const crowd = await openCrowd(cleanup);
  await benchBurst(crowd);
  await benchSteady(crowd);
}

async function benchBurst(crowd: Crowd): Promise<void> {
  const kernel: Target = { name: "kernel", folder: "/proc", pid: undefined }; // what the readers themselves take
  const targets = [kernel, await startOurs(cleanup), ...(await startLxcfs(cleanup))];
  console.log(`${BURST_CONTAINERS} containers × 9 files at once`);
  console.log(`${"".padEnd(20)}seconds   p99 ms   server ms   resident MiB  its own`);
  for (let round = 0; round < 3; round++) {
    for (const target of targets) {
      const before = isServer(target) ? cpuMicroseconds(target.pid) : 0;
      const { seconds, p99Us, errors } = await crowd("burst", dirname(target.folder), BURST_CONTAINERS, 1);
      const columns = [seconds.toFixed(2), (p99Us / 1000).toFixed(0)];
      if (isServer(target)) columns.push(...serverColumns(target.pid, before));
      print(target.name, columns, errors);
    }
  }
}

function serverColumns(pid: number, cpuBefore: number): readonly string[] {
  return [((cpuMicroseconds(pid) - cpuBefore) / 1000).toFixed(0), residentMiB(pid), ownMiB(pid)];
}

async function benchSteady(crowd: Crowd): Promise<void> {
  console.log("\nall files once a second");
  console.log(`${"".padEnd(20)} CPU %   p50 µs      p99 ms   resident MiB  its own`);
  for (const count of STEADY_CONTAINERS) {
    const ours = await startOurs(cleanup);
    if (!isServer(ours)) return;
    await crowd("steady", dirname(ours.folder), count, 3);
    const before = cpuMicroseconds(ours.pid);
    const { seconds, p50Us, p99Us, errors } = await crowd(
      "steady",
      dirname(ours.folder),
      count,
      STEADY_SECONDS,
    );
    const share = (cpuMicroseconds(ours.pid) - before) / 1e4 / seconds;
    const columns = [share.toFixed(1), p50Us.toFixed(0), (p99Us / 1000).toFixed(1)];
    columns.push(residentMiB(ours.pid), ownMiB(ours.pid));
    print(`${count} containers`, columns, errors);
  }
}

function print(name: string, columns: readonly string[], errors: number): void {
  const widths = [9, 9, 12, 15, 9];
  const text = columns.map((column, index) => column.padStart(widths[index] ?? 0)).join("");
  console.log(`  ${name.padEnd(18)}${text}${errors > 0 ? `   ${errors} errors` : ""}`);
}
