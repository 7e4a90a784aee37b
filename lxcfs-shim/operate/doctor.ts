import { accessSync, constants, existsSync, readFileSync, type StatsFs, statfsSync } from "node:fs";
import { release } from "node:os";
import { openCgroupReader } from "../../core/kernel/cgroup/open-reader.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { type Mount, readMountinfo } from "../../core/kernel/proc/mountinfo.ts";
import type { Finding } from "../../core/runtime/finding.ts";
import { FILE_SYSTEM_TYPE } from "../mount.ts";
import { probeMount } from "../mount-point.ts";
import { readContainerCgroup } from "../view/container.ts";
import type { Survey } from "./find-shims.ts";

export interface DoctorContext {
  readonly root: HostRoot;
  readonly shims: Survey;
  /** Whether somebody answers on a mount point. */
  readonly probe: typeof probeMount;
  readonly kernelRelease: string;
}

/** What the files of a server with many containers take. */
const NOTEBOOK_BYTES = 8 * 2 ** 20;

type Check = (context: DoctorContext) => readonly Finding[] | Promise<readonly Finding[]>;

export const realContext = (root: HostRoot, shims: Survey): DoctorContext => ({
  root,
  shims,
  probe: probeMount,
  kernelRelease: release(),
});

/** Looks at everything the shim needs, and at what its containers may trip over. */
export async function diagnose(context: DoctorContext): Promise<readonly Finding[]> {
  const findings = await Promise.all(CHECKS.map(async (check) => check(context)));
  return findings.flat();
}

const CHECKS: readonly Check[] = [
  device,
  kernel,
  cgroups,
  shims,
  deadMounts,
  lxcfs,
  memoryFiles,
  systemCalls,
];

function device(): readonly Finding[] {
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    return [{ state: "ok", what: "/dev/fuse can be opened" }];
  } catch {
    const hint = existsSync("/dev/fuse")
      ? "run as root; in a container, allow the device"
      : "modprobe fuse; in a container, pass --device /dev/fuse";
    return [{ state: "wrong", what: "/dev/fuse cannot be opened", hint }];
  }
}

function kernel({ kernelRelease }: DoctorContext): readonly Finding[] {
  const [major = 0, minor = 0] = kernelRelease.split(".").map(Number);
  if (major > 6 || (major === 6 && minor >= 9)) {
    return [{ state: "ok", what: `kernel ${kernelRelease} hands out the requests of a killed server again` }];
  }
  const what = `kernel ${kernelRelease} forgets the requests of a killed server: they are kept on record instead`;
  return [{ state: "note", what, hint: "Linux 6.9 or newer answers every one, without the record's cost" }];
}

function cgroups({ root }: DoctorContext): readonly Finding[] {
  const { version } = openCgroupReader(root);
  const own = readContainerCgroup(root, process.pid);
  const names = [...(own?.controllers.keys() ?? [])];
  const hasMemory = version === 2 ? controllersOf(root).includes("memory") : names.includes("memory");
  if (hasMemory) return [{ state: "ok", what: `cgroup v${version} counts memory` }];
  const what = `cgroup v${version} without the memory controller: meminfo is the host's`;
  return [{ state: "wrong", what, hint: "boot with cgroup_enable=memory" }];
}

function controllersOf(root: HostRoot): readonly string[] {
  try {
    return readFileSync(root.cgroup("cgroup.controllers"), "utf8").trim().split(" ");
  } catch {
    return [];
  }
}

async function shims({ shims: { answering, silent }, probe }: DoctorContext): Promise<readonly Finding[]> {
  if (answering.length + silent.length === 0) {
    return [{ state: "note", what: "no shim runs", hint: "plimsoll-shim serve --mount DIR" }];
  }
  const unserved = silent.map(
    ({ mountPoint, holder }): Finding => ({
      state: "wrong",
      what: `${mountPoint}: no server answers, readers wait`,
      hint: `the log of its holder, pid ${holder}, says why; plimsoll-shim upgrade starts another now`,
    }),
  );
  const served = await Promise.all(
    answering.map(async ({ mountPoint, holder, generation }): Promise<Finding> => {
      const answer = await probe(mountPoint);
      if (answer !== "live")
        return { state: "wrong", what: `${mountPoint} does not answer`, hint: "plimsoll-shim upgrade" };
      if (holder === undefined) {
        return {
          state: "note",
          what: `${mountPoint} has no holder: it dies with its server`,
          hint: "start it by bin/plimsoll-shim",
        };
      }
      return { state: "ok", what: `${mountPoint} is served, generation ${generation}` };
    }),
  );
  return [...unserved, ...served];
}

async function deadMounts({ root, shims, probe }: DoctorContext): Promise<readonly Finding[]> {
  const owned = new Set([
    ...shims.answering.flatMap(({ connection, named }) => [connection, named?.connection]),
    ...shims.silent.flatMap(({ connection, named }) => [connection, named?.connection]),
  ]);
  const others = mountsOf(root, FILE_SYSTEM_TYPE).filter(
    ({ device: at }) => !owned.has(Number(at.split(":")[1])),
  );
  const findings = others.map(async ({ mountPoint }): Promise<Finding | undefined> => {
    const state = await probe(mountPoint);
    if (state === "live") return undefined;
    const isDead = state === "stale";
    const what = isDead ? "is a dead mount: its readers get errors" : "does not answer, and no holder has it";
    return {
      state: "wrong",
      what: `${mountPoint} ${what}`,
      hint: `${isDead ? "" : "where nobody serves it: "}umount -l ${mountPoint}, or serve there again; then plimsoll-shim attach --all mends containers that have it bound`,
    };
  });
  return (await Promise.all(findings)).filter((finding) => finding !== undefined);
}

function lxcfs({ root }: DoctorContext): readonly Finding[] {
  return mountsOf(root, "fuse.lxcfs").map(({ mountPoint }) => ({
    state: "note",
    what: `LXCFS is mounted on ${mountPoint}: each container sees the files it has bound, of the one or the other`,
  }));
}

function memoryFiles(): readonly Finding[] {
  const memory = ["/dev/shm", "/run"].find(canWrite);
  if (memory === undefined) {
    return [
      {
        state: "wrong",
        what: "neither /dev/shm nor /run can be written to",
        hint: "mount a tmpfs on /dev/shm",
      },
    ];
  }
  if (hasRoom(statfsSync(memory))) {
    return [{ state: "ok", what: "a server can leave its notebook in memory to the next" }];
  }
  const what = `${memory} is full: what a server that is killed now knows, the next one will not`;
  return [{ state: "wrong", what, hint: `see what fills ${memory}` }];
}

/** A tmpfs without a limit of its own has no blocks at all. */
export function hasRoom({ blocks, bavail, bsize }: Pick<StatsFs, "blocks" | "bavail" | "bsize">): boolean {
  return blocks === 0 || bavail * bsize >= NOTEBOOK_BYTES;
}

function systemCalls(): readonly Finding[] {
  const what =
    "sysinfo(2) and sched_getaffinity(2) ask the kernel, not /proc: busybox' free and uptime, nproc and parts of htop show the host";
  return [{ state: "note", what, hint: "give containers a cpuset for CPUs; use procps for memory" }];
}

function mountsOf(root: HostRoot, type: string): readonly Mount[] {
  return (readMountinfo(root) ?? []).filter((mount) => mount.type === type);
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
