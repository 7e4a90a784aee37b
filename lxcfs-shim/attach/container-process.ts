import { closeSync, constants, openSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { type Mount, parseMountinfo, readMountinfo } from "../../core/kernel/proc/mountinfo.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { readKernelText } from "../../core/kernel/text.ts";
import { errnoOf, NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import { type Namespace, readNamespace } from "../view/namespaces.ts";

/** A process that lives in a container, held open: its pid may become another's, `descriptor` may not. */
export interface ContainerProcess {
  readonly pid: number;
  /** Of its directory in /proc. */
  readonly descriptor: number;
  readonly mountNamespace: Namespace;
  readonly mounts: readonly Mount[];
  close(): void;
}

/** What tells the host itself from its containers. */
export interface HostMounts {
  readonly mountNamespaces: ReadonlySet<Namespace>;
  readonly pidNamespace: Namespace | undefined;
  /** What is mounted on /. */
  readonly roots: ReadonlySet<string>;
  /** Propagation groups by which mounts elsewhere could come up on the host. */
  readonly groups: ReadonlySet<string>;
}

/** The code of the error for a process that has no mounts of a container. */
export const NOT_A_CONTAINER = "NOT_A_CONTAINER";

/** The host is where we are, and, should that be a container which sees the host's processes, where its first ones are. */
export function readHostMounts(root: HostRoot): HostMounts {
  const places = (["self", 1, 2] as const).flatMap((pid) => readPlace(root, pid) ?? []);
  const mounts = places.flatMap((place) => place.mounts);
  return {
    mountNamespaces: new Set(places.map(({ mountNamespace }) => mountNamespace)),
    pidNamespace: readNamespace(root, "self", "pid"),
    roots: new Set(places.flatMap((place) => rootOf(place.mounts) ?? [])),
    groups: new Set(mounts.flatMap(groupsOf)),
  };
}

interface Place {
  readonly mountNamespace: Namespace;
  readonly mounts: readonly Mount[];
}

/** Undefined for a process that is none of the host's first ones, or that a hardened kernel hides. */
function readPlace(root: HostRoot, pid: "self" | 1 | 2): Place | undefined {
  if (pid === 2 && readPidStat(root, 2)?.ppid !== 0) return undefined; // kthreadd, where the pids are the host's
  try {
    const mountNamespace = readNamespace(root, pid, "mnt");
    if (mountNamespace === undefined) return undefined;
    return { mountNamespace, mounts: readMountinfo(root, pid) ?? [] };
  } catch (error) {
    if (errnoOf(error) === "EACCES") return undefined;
    throw error;
  }
}

/**
 * Holds process `pid`. Throws NotFoundError when it is gone, and PlimsollError `NOT_A_CONTAINER` unless its mounts are a
 * container's own: nothing is ever mounted over the host's /proc.
 */
export function openContainerProcess(root: HostRoot, pid: number, host: HostMounts): ContainerProcess {
  const descriptor = openDirectory(root.proc(`${pid}`), pid);
  try {
    const found = readProcess(`/proc/self/fd/${descriptor}`, pid);
    const reason = reasonToRefuse(found, host);
    if (reason !== undefined) throw refused(pid, reason);
    const { mountNamespace, mounts } = found;
    return { pid, descriptor, mountNamespace, mounts, close: () => closeSync(descriptor) };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function openDirectory(path: string, pid: number): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (cause) {
    throw errnoOf(cause) === "ENOENT" ? gone(pid) : cause;
  }
}

interface ProcessMounts {
  readonly mountNamespace: Namespace;
  readonly pidNamespace: Namespace;
  readonly mounts: readonly Mount[];
}

function readProcess(directory: string, pid: number): ProcessMounts {
  try {
    const path = join(directory, "mountinfo");
    const mountinfo = readKernelText(path);
    if (mountinfo === undefined) throw gone(pid);
    return {
      mountNamespace: readlinkSync(join(directory, "ns/mnt")),
      pidNamespace: readlinkSync(join(directory, "ns/pid")),
      mounts: parseMountinfo(mountinfo, path),
    };
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === "EACCES")
      throw refused(pid, "its namespaces may not be looked at", "run as root with CAP_SYS_PTRACE");
    throw code === "ENOENT" || code === "ESRCH" ? gone(pid) : cause; // a zombie has no namespaces any more
  }
}

function reasonToRefuse(
  { mountNamespace, pidNamespace, mounts }: ProcessMounts,
  host: HostMounts,
): string | undefined {
  if (host.mountNamespaces.has(mountNamespace)) return "it is in the host's own mount namespace";
  const root = rootOf(mounts);
  if (pidNamespace === host.pidNamespace && root !== undefined && host.roots.has(root)) {
    return "it is the host's: only some of its mounts are its own";
  }
  if (mounts.findLast(({ mountPoint }) => mountPoint === "/proc")?.type !== "proc") return "it has no /proc";
  const wouldSpread = mounts
    .filter(({ mountPoint }) => mountPoint === "/proc" || mountPoint === "/sys")
    .flatMap(({ propagation }) => propagation)
    .some((tag) => tag.startsWith("shared:") && host.groups.has(groupOf(tag)));
  return wouldSpread ? "what is mounted on its /proc comes up on the host's" : undefined;
}

function rootOf(mounts: readonly Mount[]): string | undefined {
  const mount = mounts.findLast(({ mountPoint }) => mountPoint === "/");
  return mount && `${mount.device}:${mount.root}`;
}

/** `shared:N` sends and receives, `master:N` receives. */
function groupsOf({ propagation }: Mount): readonly string[] {
  return propagation.filter((tag) => /^(?:shared|master):/.test(tag)).map(groupOf);
}

function groupOf(tag: string): string {
  return tag.slice(tag.indexOf(":") + 1);
}

function gone(pid: number): NotFoundError {
  return new NotFoundError(`process ${pid}: there is none`);
}

function refused(pid: number, why: string, hint = "name a process of a container"): PlimsollError {
  return new PlimsollError(NOT_A_CONTAINER, `process ${pid} is not in a container: ${why}`, { hint });
}
