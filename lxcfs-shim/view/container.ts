import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { type Mount, parseMountinfo } from "../../core/kernel/proc/mountinfo.ts";
import { parsePidCgroup, readPidCgroup, readPidCgroupText } from "../../core/kernel/proc/pid-cgroup.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { readPidStatus } from "../../core/kernel/proc/pid-status.ts";
import { readKernelText } from "../../core/kernel/text.ts";
import { type Namespace, type ProcessRef, readNamespace } from "./namespaces.ts";

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

/** What whoever asks has seen already. */
interface Seen {
  /** Of the first process. */
  readonly cgroupText?: string | undefined;
  /** The host's mount namespace. */
  readonly hostMounts?: Namespace | undefined;
}

/** The container whose first process is `init`; undefined when that is gone. */
export function readContainer(
  root: HostRoot,
  key: string,
  init: ProcessRef,
  { cgroupText = readPidCgroupText(root, init.pid), hostMounts }: Seen = {},
): Container | undefined {
  const pidLevel = init.pidLevel ?? readPidLevel(root, init.pid);
  if (cgroupText === undefined || pidLevel === undefined) return undefined;
  const own = outsideInitScope(parsePidCgroup(cgroupText, root.proc(`${init.pid}/cgroup`)));
  return {
    key: `${key}@${init.pid}.${init.startTicks}`,
    init: init.pid,
    startTicks: init.startTicks,
    cgroup: mountedAbove(own, readCgroupMounts(root, init.pid, hostMounts)),
    pidLevel,
  };
}

function readPidLevel(root: HostRoot, pid: number): number | undefined {
  const nsPids = readPidStatus(root, pid)?.nsPids;
  return nsPids && nsPids.length - 1;
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

/** Who has the host's mounts has the host's hierarchies, and the kernel is spared the list: it takes as long as all the rest. */
function readCgroupMounts(root: HostRoot, pid: number, hostMounts: Namespace | undefined): readonly Mount[] {
  const path = root.proc(`${pid}/mountinfo`);
  try {
    if (hostMounts !== undefined && readNamespace(root, pid, "mnt") === hostMounts) return [];
    const mounts = parseMountinfo(linesWith(readKernelText(path) ?? "", ` ${CGROUP_MOUNTS}`), path);
    return mounts.filter(({ mountPoint }) => `${mountPoint}/`.startsWith(`${CGROUP_MOUNTS}/`));
  } catch {
    return []; // a security module keeps us out
  }
}

/** A handful of dozens: nothing is made of the others. */
function linesWith(text: string, part: string): string {
  let found = "";
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at)) {
    const start = text.lastIndexOf("\n", at) + 1;
    at = text.indexOf("\n", at) + 1 || text.length;
    found += text.slice(start, at);
  }
  return found;
}

/** Whether the first process of the container that has this key still runs. */
export function isKeyOfLiving(root: HostRoot, key: string): boolean {
  const [, pid, startTicks] = /@(\d+)\.(\d+)$/.exec(key) ?? [];
  return pid !== undefined && readPidStat(root, Number(pid))?.startTicks === Number(startTicks);
}

/** Where a process is, but for the `init.scope` into which a systemd moves itself. */
export function readContainerCgroup(root: HostRoot, pid: number): CgroupPath | undefined {
  const cgroup = readPidCgroup(root, pid);
  return cgroup && outsideInitScope(cgroup);
}

function outsideInitScope({ unified, controllers }: CgroupPath): CgroupPath {
  return {
    unified: unified && withoutInitScope(unified),
    controllers: new Map([...controllers].map(([name, path]) => [name, withoutInitScope(path)])),
  };
}

function withoutInitScope(path: string): string {
  return path.endsWith("/init.scope") ? path.slice(0, -"/init.scope".length) || "/" : path;
}
