import { readdirSync } from "node:fs";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { errnoOf, NotFoundError } from "../../core/runtime/errors.ts";
import { isRunning, type Namespace, readNamespace } from "../view/namespaces.ts";
import { readContainerId } from "./container-id.ts";
import type { HostMounts } from "./container-process.ts";
import type { DockerEngine } from "./docker-engine.ts";

/** A process that stands for its container, and what people call that. */
export interface FoundContainer {
  readonly pid: number;
  /** Docker's name, else the engine's id, where there is one. */
  readonly container?: string;
}

export interface Search {
  readonly root: HostRoot;
  readonly docker: DockerEngine;
  /** Containers of other engines are left alone. */
  readonly dockerOnly: boolean;
}

/** Every container of this host, or of its Docker. */
export async function findContainers(
  { root, docker, dockerOnly }: Search,
  host: HostMounts,
): Promise<readonly FoundContainer[]> {
  if (dockerOnly) return findDockers(docker);
  const running = await docker.running().catch(() => []); // without Docker they go by their ids
  const names = new Map(running.map(({ id, name }) => [id, name]));
  return scanMountNamespaces(root, host).map((pid) => {
    const id = readContainerId(root, pid);
    return { pid, ...(id !== undefined && { container: names.get(id) ?? id.slice(0, 12) }) };
  });
}

async function findDockers(docker: DockerEngine): Promise<readonly FoundContainer[]> {
  const found: FoundContainer[] = [];
  for (const { id, name } of await docker.running()) {
    try {
      found.push({ pid: await docker.initPid(id), container: name });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error; // it has ended meanwhile
    }
  }
  return found;
}

/**
 * The oldest process of each mount namespace that is not the host's, oldest first. Most are containers, whichever engine
 * made them; a service with some mounts of its own is not, which `openContainerProcess` tells.
 */
export function scanMountNamespaces(root: HostRoot, { mountNamespaces }: HostMounts): readonly number[] {
  const oldest = new Map<Namespace, { readonly pid: number; readonly startTicks: number }>();
  for (const name of readdirSync(root.proc(""))) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const namespace = namespaceOf(root, pid);
    if (namespace === undefined || mountNamespaces.has(namespace)) continue;
    const stat = readPidStat(root, pid);
    if (stat === undefined || !isRunning(stat)) continue;
    if (stat.startTicks < (oldest.get(namespace)?.startTicks ?? Number.POSITIVE_INFINITY))
      oldest.set(namespace, { pid, startTicks: stat.startTicks });
  }
  return [...oldest.values()].sort((a, b) => a.startTicks - b.startTicks).map(({ pid }) => pid);
}

/** Undefined for a process that is gone, or that may not be looked at. */
function namespaceOf(root: HostRoot, pid: number): Namespace | undefined {
  try {
    return readNamespace(root, pid, "mnt");
  } catch (error) {
    if (errnoOf(error) === "EACCES") return undefined;
    throw error;
  }
}
