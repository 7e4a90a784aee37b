import { existsSync, readFileSync } from "node:fs";
import { exec } from "../../core/runtime/exec.ts";
import { type Cgroup, cgroupAt, cgroupProcesses } from "../../provisioner/container/cgroup.ts";
import { runInNamespaces } from "../../provisioner/container/namespaces.ts";
import { LAYOUT } from "../../provisioner/up/layout.ts";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { programArgv, startProgram } from "./run-program.ts";

/** The built-in sample container of a running `plimsoll up`. */
export interface SampleContainer {
  readonly group: Cgroup;
  readonly initPid: number;
  readonly ip: string;
  readonly collectorUrl: string;
  /** A command's output inside, without the final newline. */
  output(...argv: readonly string[]): Promise<string>;
  /** A file of its own cgroup, as the host sees it. */
  control(controller: string, file: string): string;
}

/** Starts `plimsoll up` and waits until its agent has reported. */
export async function startSample(cleanup: Cleanup, ...args: readonly string[]): Promise<SampleContainer> {
  const port = await freePort();
  const up = startProgram(cleanup, programArgv("plimsoll", "up", "--port", String(port), ...args));
  cleanup.add("plimsoll up", async () => void (await up.stop("SIGTERM")));
  await up.waitForLine(/Ctrl-C/, 60_000);
  const group = cgroupAt(LAYOUT.containerCgroup);
  const initPid = initOf(group);
  const subnet = JSON.parse(readFileSync(LAYOUT.reservation, "utf8")).network;
  return {
    group,
    initPid,
    ip: subnet.replace(/\d+$/, (last: string) => String(Number(last) + 2)),
    collectorUrl: `http://127.0.0.1:${port}`,
    output: async (...argv) => (await runInNamespaces(initPid, group, argv)).stdout.trimEnd(),
    control: (controller, file) => {
      const paths = group.directories
        .map((directory) => `${directory}/${file}`)
        .filter((path) => existsSync(path));
      const path = group.version === 2 ? paths[0] : paths.find((each) => each.includes(`/${controller}/`));
      return readFileSync(path ?? "", "utf8").trim();
    },
  };
}

/** Runs a command on the host and returns its output. */
export async function hostOutput(...argv: readonly string[]): Promise<string> {
  return (await exec(argv)).stdout.trimEnd();
}

/** The process of the group that is PID 1 of a pid namespace of its own (last field of NSpid). */
function initOf(group: Cgroup): number {
  const pid = cgroupProcesses(group).find((each) =>
    /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${each}/status`, "utf8")),
  );
  if (pid === undefined) throw new Error(`no init in ${group.directories.join(", ")}`);
  return pid;
}
