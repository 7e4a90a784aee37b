import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { startProcess } from "../../core/runtime/exec.ts";
import { withPatience } from "../../core/runtime/patience.ts";
import { followLastWords } from "../last-words.ts";
import { type Cgroup, cgroupProcesses, commandInCgroup, removeCgroup } from "./cgroup.ts";
import { connectLink, type Link } from "./link.ts";
import { removeMountPoint } from "./mount-point.ts";
import { runInNamespaces } from "./namespaces.ts";
import { SETUP_SCRIPT } from "./setup-script.ts";
import type { ContainerSpec, RunningContainer } from "./types.ts";

const NAMESPACES = ["--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"];
const STOP_PATIENCE_MS = 6000;

/** What the built-in container stands on; the caller makes it and removes it again. */
export interface BuiltInHost {
  readonly group: Cgroup;
  readonly link: Link;
  /** A directory that exists only as a mount point. */
  readonly stateDirectory: string;
  /** This package's directory. */
  readonly applicationDirectory: string;
}

/**
 * Starts a container out of namespaces alone, no engine needed: the host's root read-only under a
 * writable overlay. Throws with the set-up's own last line when it cannot be built.
 */
export async function startBuiltIn(spec: ContainerSpec, host: BuiltInHost): Promise<RunningContainer> {
  mkdirSync(host.stateDirectory, { recursive: true });
  const unshare = ["unshare", "--fork", "--kill-child", ...NAMESPACES, "--propagation", "private"];
  const shell = ["/bin/sh", "-ec", SETUP_SCRIPT, "sh", ...spec.agentArguments];
  const child = startProcess(commandInCgroup(host.group, [...unshare, "--", ...shell]), {
    stdio: ["pipe", "pipe", "pipe"],
    env: setupEnvironment(spec, host),
    detached: true,
  });
  child.stdin?.on("error", () => {}); // EPIPE: the set-up failed, `ended` tells
  const ended = endOf(child);
  try {
    await Promise.race([readyLine(child), ended.then(throwEnded)]);
    const initPid = onlyChildOf(child);
    await connectLink(host.link, initPid);
    child.stdin?.end("up\n");
    return {
      description: `container ${spec.address}`,
      initPid,
      ended,
      run: (argv) => runInNamespaces(initPid, host.group, argv),
      stop: () => stop(initPid, host, ended),
    };
  } catch (error) {
    await removeContainer(host);
    throw error;
  }
}

function setupEnvironment(spec: ContainerSpec, host: BuiltInHost): Record<string, string> {
  return {
    STATE: host.stateDirectory,
    SHIM: spec.shimMount,
    APPLICATION: host.applicationDirectory,
    NODE: process.execPath,
    EXTRA_MOUNTS: separateFileSystems(readFileSync("/proc/self/mountinfo", "utf8")).join("\n"),
    CONTAINER_HOSTNAME: spec.hostname,
    IDENTITY: JSON.stringify({ ip: spec.address, name: spec.hostname, id: spec.hostname, type: "container" }),
  };
}

/** Mount points of the host that hold programs and are not part of the root file system. */
export function separateFileSystems(mountinfo: string): string[] {
  const points = mountinfo.split("\n").map((line) => line.split(" ")[4]);
  return ["/usr", "/usr/local", "/opt", "/etc"].filter((point) => points.includes(point));
}

function endOf(child: ChildProcess): Promise<string> {
  const lastWords = child.stderr === null ? () => "" : followLastWords(child.stderr);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) =>
      resolve(lastWords() || `ended with ${signal ?? `exit code ${code}`}`),
    );
  });
}

function throwEnded(reason: string): never {
  throw new PlimsollError("CONTAINER", `sample container: cannot be set up: ${reason}`);
}

function readyLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("ready")) resolve();
    });
  });
}

/** The container's PID 1 in host numbering: unshare --fork has this one child. */
function onlyChildOf(child: ChildProcess): number {
  const pid = Number(
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")[0],
  );
  if (!Number.isInteger(pid) || pid <= 1)
    throw new PlimsollError("CONTAINER", "sample container: its first process is gone");
  return pid;
}

async function stop(initPid: number, host: BuiltInHost, ended: Promise<string>): Promise<void> {
  if (cgroupProcesses(host.group).includes(initPid)) process.kill(initPid, "SIGTERM");
  await withPatience(ended, STOP_PATIENCE_MS);
  await removeContainer(host);
}

async function removeContainer(host: BuiltInHost): Promise<void> {
  await removeCgroup(host.group);
  await removeMountPoint(host.stateDirectory);
}
