import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { cgroupVersion } from "../support/host.ts";
import { makeCgroup, type TestCgroup } from "../support/view-container.ts";
import {
  compile,
  cpuMicroseconds,
  isServer,
  residentMiB,
  startLxcfs,
  startOurs,
  type Target,
} from "./shim-targets.ts";

/*
 * What many containers cost (crowd.c): 200 at once, beside LXCFS where it is installed; 200 and 1,000 that read all files once
 * a second; and thousands that come and go: the server is to end with the memory it had after the first minute's worth.
 */

const BURST_CONTAINERS = 200;
const STEADY_CONTAINERS = [200, 1000];
const STEADY_SECONDS = 20;
/** A minute, and four more. Faster than this the machine is busy with moving processes between cgroups. */
const CHURN = { first: 600, later: 2400, perSecond: 10 };

interface Outcome {
  readonly reads: number;
  readonly errors: number;
  readonly seconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

const cleanup = new Cleanup();
try {
  await bench();
} finally {
  await cleanup.run();
}

async function bench(): Promise<void> {
  const crowd = await compile(cleanup, "crowd");
  const cgroup = makeCgroup(cleanup, `plimsoll-crowd-${process.pid}`);
  if (cgroupVersion === 2)
    writeFileSync(join(cgroup.directory("memory"), "cgroup.subtree_control"), "+memory +cpu +pids +io");
  const run = async (what: string, target: Target, count: number, seconds: number): Promise<Outcome> => {
    const argv = [crowd, what, dirname(target.folder), `${count}`, `${seconds}`, ...directoriesOf(cgroup)];
    return JSON.parse((await exec(argv, { timeoutMs: 3_600_000 })).stdout);
  };
  await benchBurst(run);
  await benchSteady(run);
  await benchChurn(run);
}

type Run = (what: string, target: Target, count: number, seconds: number) => Promise<Outcome>;

/** Of each hierarchy that the figures come from; a cpuset would have to be set up in each. */
function directoriesOf({ directory }: TestCgroup): readonly string[] {
  return [...new Set((["memory", "cpu", "cpuacct", "pids", "blkio"] as const).map(directory))];
}

async function benchBurst(run: Run): Promise<void> {
  const targets = [await startOurs(cleanup), ...(await startLxcfs(cleanup))];
  console.log(`${BURST_CONTAINERS} containers × 9 files at once`);
  console.log(`${"".padEnd(20)}seconds   p99 ms   server ms   resident MiB`);
  for (let round = 0; round < 3; round++) {
    for (const target of targets.filter(isServer)) {
      const before = cpuMicroseconds(target.pid);
      const { seconds, p99Us, errors } = await run("burst", target, BURST_CONTAINERS, 1);
      const columns = [
        seconds.toFixed(2),
        (p99Us / 1000).toFixed(0),
        ((cpuMicroseconds(target.pid) - before) / 1000).toFixed(0),
      ];
      print(target.name, [...columns, residentMiB(target.pid)], errors);
    }
  }
}

async function benchSteady(run: Run): Promise<void> {
  console.log("\nall files once a second");
  console.log(`${"".padEnd(20)} CPU %   p50 µs      p99 ms   resident MiB`);
  for (const count of STEADY_CONTAINERS) {
    const ours = await startOurs(cleanup);
    if (!isServer(ours)) return;
    await run("steady", ours, count, 3);
    const before = cpuMicroseconds(ours.pid);
    const { seconds, p50Us, p99Us, errors } = await run("steady", ours, count, STEADY_SECONDS);
    const share = (cpuMicroseconds(ours.pid) - before) / 1e4 / seconds;
    const columns = [share.toFixed(1), p50Us.toFixed(0), (p99Us / 1000).toFixed(1), residentMiB(ours.pid)];
    print(`${count} containers`, columns, errors);
  }
}

async function benchChurn(run: Run): Promise<void> {
  const ours = await startOurs(cleanup);
  if (!isServer(ours)) return;
  const { first, later, perSecond } = CHURN;
  console.log("\ncontainers that came and went   resident MiB");
  let gone = 0;
  for (const count of [first, later]) {
    const { errors } = await run("churn", ours, count, Math.ceil(count / perSecond));
    gone += count;
    console.log(
      `  ${`${gone}`.padEnd(30)}${residentMiB(ours.pid).padStart(10)}${errors > 0 ? `   ${errors} errors` : ""}`,
    );
  }
}

function print(name: string, columns: readonly string[], errors: number): void {
  const widths = [9, 9, 12, 15];
  const text = columns.map((column, index) => column.padStart(widths[index] ?? 0)).join("");
  console.log(`  ${name.padEnd(18)}${text}${errors > 0 ? `   ${errors} errors` : ""}`);
}
