import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readPidCgroup } from "../../core/kernel/proc/pid-cgroup.ts";
import { readPidStatus } from "../../core/kernel/proc/pid-status.ts";
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
  | { readonly kind: "container"; readonly container: Container }
  | { readonly kind: "gone"; readonly reason: string };

/** The container whose first process is `init`; undefined when that is gone. */
export function readContainer(root: HostRoot, key: string, init: ProcessRef): Container | undefined {
  const cgroup = readContainerCgroup(root, init.pid);
  const nsPids = readPidStatus(root, init.pid)?.nsPids;
  if (cgroup === undefined || nsPids === undefined) return undefined;
  return {
    key: `${key}@${init.startTicks}`,
    init: init.pid,
    startTicks: init.startTicks,
    cgroup,
    pidLevel: nsPids.length - 1,
  };
}

/** The cgroup the runtime made for the container: a systemd inside moves itself one level down, into `init.scope`. */
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
