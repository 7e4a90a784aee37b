import { accessSync } from "node:fs";
import { posix } from "node:path";
import type { HostRoot } from "../host-root.ts";
import { type Mount, readMountinfo } from "../proc/mountinfo.ts";

/** One mounted cgroup hierarchy, or part of one. */
export interface Hierarchy {
  /** Where it is mounted, under the given `HostRoot`. */
  readonly mountPoint: string;
  /** The cgroup that is mounted there: not `/` inside a container with cgroup v1 or without a cgroup namespace. */
  readonly root: string;
}

export interface Hierarchies {
  readonly unified: Hierarchy | undefined;
  /** v1 controller → hierarchy. Co-mounted controllers (`cpu,cpuacct`) share one. */
  readonly controllers: ReadonlyMap<string, Hierarchy>;
}

/** The controllers this product reads. */
export const CONTROLLERS = ["cpu", "cpuacct", "memory", "cpuset", "blkio", "pids"] as const;
export type Controller = (typeof CONTROLLERS)[number];

const BASE = "/sys/fs/cgroup";

/** Where each controller is: by mountinfo, else (no /proc of this host at hand) by what the directories hold. */
export function findHierarchies(root: HostRoot): Hierarchies {
  const mounts = (readMountinfo(root) ?? []).filter(isCgroupMount);
  return mounts.length === 0 ? fromLayout(root) : fromMounts(root, mounts);
}

/**
 * The directory of a cgroup; undefined for one outside of what is mounted. A path that
 * leads upwards (`/../x`: a cgroup outside the reader's cgroup namespace) is never followed.
 */
export function directoryOf({ mountPoint, root }: Hierarchy, path: string): string | undefined {
  const below = root === "/" ? path : within(root, path);
  if (below === undefined || below.split("/").includes("..")) return undefined;
  return below === "/" ? mountPoint : mountPoint + below;
}

function within(root: string, path: string): string | undefined {
  if (path === root) return "/";
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

function isCgroupMount({ type, mountPoint }: Mount): boolean {
  const isBelow = mountPoint === BASE || mountPoint.startsWith(`${BASE}/`);
  return isBelow && (type === "cgroup" || type === "cgroup2");
}

function fromMounts(root: HostRoot, mounts: readonly Mount[]): Hierarchies {
  let unified: Hierarchy | undefined;
  const controllers = new Map<string, Hierarchy>();
  for (const mount of mounts) {
    const hierarchy = { mountPoint: root.cgroup(posix.relative(BASE, mount.mountPoint)), root: mount.root };
    if (mount.type === "cgroup2") unified = hierarchy;
    else for (const name of namedIn(mount)) controllers.set(name, hierarchy);
  }
  return { unified, controllers };
}

function namedIn(mount: Mount): readonly Controller[] {
  return CONTROLLERS.filter((name) => mount.superOptions.includes(name));
}

function fromLayout(root: HostRoot): Hierarchies {
  const whole = (name: string): Hierarchy => ({ mountPoint: root.cgroup(name), root: "/" });
  const isUnified = (name: string): boolean => exists(root.cgroup(`${name}/cgroup.controllers`));
  // A cgroup of a unified hierarchy may be called "memory" too: look at the top first.
  if (isUnified("")) return { unified: whole(""), controllers: new Map() };
  const v1 = CONTROLLERS.filter((name) => exists(root.cgroup(`${name}/cgroup.procs`)));
  return {
    unified: isUnified("unified") ? whole("unified") : undefined,
    controllers: new Map(v1.map((name) => [name, whole(name)])),
  };
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
