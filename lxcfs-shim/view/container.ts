import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { type Mount, parseMountinfo } from "../../core/kernel/proc/mountinfo.ts";
import { readPidCgroup } from "../../core/kernel/proc/pid-cgroup.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { readPidStatus } from "../../core/kernel/proc/pid-status.ts";
import { readKernelText } from "../../core/kernel/text.ts";
import type { ProcessRef } from "./namespaces.ts";

/** Whose machine a caller sees. Pids are in the server's numbering. */
export interface Container {
  /** The same for every process of the container, never used again: a namespace or cgroup, and the start of its init. */
  readonly key: string;
  /** The first process: its age is the container's. */
  readonly init: number;
  /** USER_HZ ticks from the host's boot. */
  readonly startTicks: number;
  readonly cgroup: CgroupPath;
  /** Which of a process's pids (`NSpid:`, from the outside in) is the one the container sees. */
  readonly pidLevel: number;
}

/** Who asks. `gone`: the caller died meanwhile, or lives where the server cannot see it. */
export type Identity =
  | { readonly kind: "host" }
  /** `isLinux32`: to whom the host has a cpuinfo of its own. */
  | { readonly kind: "container"; readonly container: Container; readonly isLinux32?: true }
  | { readonly kind: "gone"; readonly reason: string };

/** The container whose first process is `init`; undefined when that is gone. */
export function readContainer(root: HostRoot, key: string, init: ProcessRef): Container | undefined {
  const own = readContainerCgroup(root, init.pid);
  const nsPids = readPidStatus(root, init.pid)?.nsPids;
  if (own === undefined || nsPids === undefined) return undefined;
  const cgroup = mountedAbove(own, readCgroupMounts(root, init.pid));
  return {
    key: `${key}@${init.pid}.${init.startTicks}`,
    init: init.pid,
    startTicks: init.startTicks,
    cgroup,
    pidLevel: nsPids.length - 1,
  };
}

const CGROUP_MOUNTS = "/sys/fs/cgroup";

/**
 * A first process may have moved itself down from the cgroup its runtime made (Docker in Docker: into `init`). That cgroup is
 * still what it has mounted as a hierarchy's root, and the kernel tells us its path as it is from here. `/` is the host's:
 * the container was given all there is, and that says nothing of itself.
 */
function mountedAbove({ unified, controllers }: CgroupPath, mounts: readonly Mount[]): CgroupPath {
  const above = (path: string, isOf: (mount: Mount) => boolean): string => {
    const root = mounts.findLast(isOf)?.root ?? path;
    return root !== "/" && path.startsWith(`${root}/`) ? root : path;
  };
  return {
    unified: unified && above(unified, ({ type }) => type === "cgroup2"),
    controllers: new Map(
      [...controllers].map(([name, path]) => [
        name,
        above(path, ({ type, superOptions }) => type === "cgroup" && superOptions.includes(name)),
      ]),
    ),
  };
}

function readCgroupMounts(root: HostRoot, pid: number): readonly Mount[] {
  const path = root.proc(`${pid}/mountinfo`);
  try {
    // A handful of dozens: the others are not worth parsing.
    const lines = (readKernelText(path) ?? "")
      .split("\n")
      .filter((line) => line.includes(` ${CGROUP_MOUNTS}`));
    const mounts = parseMountinfo(lines.map((line) => `${line}\n`).join(""), path);
    return mounts.filter(({ mountPoint }) => `${mountPoint}/`.startsWith(`${CGROUP_MOUNTS}/`));
  } catch {
    return []; // a security module keeps us out
  }
}

/** Whether the first process of the container that has this key still runs. */
export function isKeyOfLiving(root: HostRoot, key: string): boolean {
  const [, pid, startTicks] = /@(\d+)\.(\d+)$/.exec(key) ?? [];
  return pid !== undefined && readPidStat(root, Number(pid))?.startTicks === Number(startTicks);
}

/** Where a process is, but for the `init.scope` into which a systemd moves itself. */
export function readContainerCgroup(root: HostRoot, pid: number): CgroupPath | undefined {
  const cgroup = readPidCgroup(root, pid);
  if (cgroup === undefined) return undefined;
  return {
    unified: cgroup.unified === undefined ? undefined : withoutInitScope(cgroup.unified),
    controllers: new Map([...cgroup.controllers].map(([name, path]) => [name, withoutInitScope(path)])),
  };
}

function withoutInitScope(path: string): string {
  return path.endsWith("/init.scope") ? path.slice(0, -"/init.scope".length) || "/" : path;
}
