import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { cgroupVersion } from "../support/host.ts";
import { makeCgroup, type TestCgroup } from "../support/view-container.ts";
import { compile } from "./shim-targets.ts";

/** What crowd.c prints. */
export interface Outcome {
  readonly reads: number;
  readonly errors: number;
  readonly seconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export type Crowd = (
  what: "burst" | "steady" | "churn",
  mount: string,
  count: number,
  seconds: number,
) => Promise<Outcome>;

/** Runs crowd.c: each time below a cgroup that nothing knows yet. */
export async function openCrowd(cleanup: Cleanup): Promise<Crowd> {
  const program = await compile(cleanup, "crowd");
  let runs = 0;
  return async (what, mount, count, seconds) => {
    const ofRun = new Cleanup();
    runs += 1;
    try {
      const cgroup = makeCgroup(ofRun, `crowd-${process.pid}-${runs}`);
      if (cgroupVersion === 2)
        writeFileSync(join(cgroup.directory("memory"), "cgroup.subtree_control"), "+memory +cpu +pids +io");
      const argv = [program, what, mount, `${count}`, `${seconds}`, ...directoriesOf(cgroup)];
      return JSON.parse((await exec(argv, { timeoutMs: 3_600_000 })).stdout);
    } finally {
      await ofRun.run();
    }
  };
}

/** Of each hierarchy that the figures come from; a cpuset would have to be set up in each. */
function directoriesOf({ directory }: TestCgroup): readonly string[] {
  return [...new Set((["memory", "cpu", "cpuacct", "pids", "blkio"] as const).map(directory))];
}
