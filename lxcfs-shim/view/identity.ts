import type { CgroupPath, CgroupReader } from "../../core/kernel/cgroup/reader.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { ParseError } from "../../core/kernel/parse-error.ts";
import { readPidCgroupText } from "../../core/kernel/proc/pid-cgroup.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { errnoOf } from "../../core/runtime/errors.ts";
import { BoundedMap } from "./bounded-map.ts";
import { cgroupKey, isRootCgroup, isWithin } from "./cgroup-places.ts";
import { type Container, type Identity, readContainer, readContainerCgroup } from "./container.ts";
import { NamespaceScans } from "./namespace-scans.ts";
import {
  type FirstProcess,
  isRunning,
  type NamespaceSet,
  namespacePair,
  type OwnNamespaces,
  type ProcessRef,
  readNamespace,
} from "./namespaces.ts";
import { findNearbyInit } from "./nearby-init.ts";

/**
 * Which container a process belongs to: that of the oldest process in its cgroup and pid namespaces, where they are not
 * both the host's; else its own cgroup; the host's processes see the host. Nothing is looked up through paths
 * a container can lay out, and nothing is read of the host's pid 1: hardened kernels refuse it.
 */
export interface Identifier {
  identify(pid: number): Identity;
  /** The container that runs in `cgroup`: that of the oldest process there or below. */
  identifyCgroup(cgroup: CgroupPath): Identity;
  /** Whether the container's first process still runs. */
  isAlive(container: Container): boolean;
}

export interface IdentifierOptions {
  readonly root: HostRoot;
  readonly reader: CgroupReader;
  readonly clock: Clock;
}

/** More namespaces than a host has containers; one entry is a few hundred bytes. */
const CACHED_NAMESPACES = 4096;
/** An init may be moved to another cgroup (systemd does it to itself): its path is read anew after this. */
const CGROUP_FRESH_MS = 1000;
/** What a first process has mounted may change while its cgroup stays: that is looked at again after this long. */
const MOUNTS_FRESH_MS = 10_000;
/** Of the processes of a cgroup that is no namespace's so many are looked at for the oldest, those with the lowest pids. */
const OLDEST_OF = 1024;

interface CachedContainer {
  readonly container: Container;
  /** What its key begins with: it may be found under several. */
  readonly name: string;
  /** Of its first process: while that stays the same, so does the container's. */
  readonly cgroupText: string | undefined;
  readonly readAtMs: number;
  readonly mountsReadAtMs: number;
}

export function openIdentifier(options: IdentifierOptions): Identifier {
  return new NamespaceIdentifier(options);
}

class NamespaceIdentifier implements Identifier {
  readonly #root: HostRoot;
  readonly #reader: CgroupReader;
  readonly #clock: Clock;
  readonly #host: NamespaceSet;
  readonly #scans: NamespaceScans;
  readonly #containers = new BoundedMap<string, CachedContainer>(CACHED_NAMESPACES, {
    isCurrent: (_, { container }) => this.isAlive(container),
  });

  constructor({ root, reader, clock }: IdentifierOptions) {
    this.#root = root;
    this.#reader = reader;
    this.#clock = clock;
    this.#host = hostNamespaces(root);
    this.#scans = new NamespaceScans(root, this.#host, clock);
  }

  identify(pid: number): Identity {
    if (pid === 0) return gone("the caller has no pid in the server's pid namespace");
    const place = placeOf(this.#root, this.#host, pid);
    switch (place.kind) {
      case "host":
        return { kind: "host" };
      case "gone":
        return gone("the caller ended");
      case "own cgroup":
        return this.#byOwnCgroup(pid);
      case "namespaces": {
        const container = this.#fresh(namespacePair(place.own)) ?? this.#find(pid, place.own);
        if (container === undefined || this.#isSharingPids(pid, place.own, container)) {
          return this.#byOwnCgroup(pid);
        }
        return { kind: "container", container };
      }
    }
  }

  identifyCgroup(cgroup: CgroupPath): Identity {
    if (isRootCgroup(cgroup)) return { kind: "host" };
    const key = cgroupKey(cgroup);
    const container = this.#fresh(key) ?? this.#rememberOldest(key, cgroup);
    return container === undefined ? gone("no process in its cgroup") : { kind: "container", container };
  }

  isAlive({ init, startTicks }: Container): boolean {
    const stat = readPidStat(this.#root, init);
    return stat !== undefined && stat.startTicks === startTicks && isRunning(stat);
  }

  /**
   * A container in another's pid namespace, and in the host's cgroup namespace (a pod's, on cgroup v1): it has mounts and a
   * cgroup of its own. Who has the mounts only is a sandboxed service of the container, who has the cgroup only has
   * entered it.
   */
  #isSharingPids(pid: number, namespaces: OwnNamespaces, { init, cgroup }: Container): boolean {
    if (namespaces.cgroup !== this.#host.cgroup || pid === init) return false;
    const mounts = readNamespace(this.#root, pid, "mnt");
    if (mounts === this.#host.mnt || mounts === readNamespace(this.#root, init, "mnt")) return false;
    const own = readContainerCgroup(this.#root, pid);
    return own !== undefined && !isRootCgroup(own) && !isWithin(own, cgroup);
  }

  /** The cached container if its init still runs, with a cgroup path that is not old. */
  #fresh(key: string): Container | undefined {
    const cached = this.#containers.get(key);
    if (cached === undefined) return undefined;
    const { container, name, readAtMs } = cached;
    if (!this.isAlive(container)) {
      this.#containers.delete(key);
      return undefined;
    }
    const now = this.#clock.monotonicMs();
    if (now < readAtMs + CGROUP_FRESH_MS) return container;
    if (
      now < cached.mountsReadAtMs + MOUNTS_FRESH_MS &&
      cached.cgroupText !== undefined &&
      cached.cgroupText === readPidCgroupText(this.#root, container.init)
    ) {
      this.#containers.set(key, { ...cached, readAtMs: now });
      return container;
    }
    const { init: pid, startTicks, pidLevel } = container;
    return this.#remember(key, { pid, startTicks, pidLevel }, name);
  }

  /**
   * The container of a pair of namespaces that is not known yet. Until a scan has got to it, a process is taken for its own
   * cgroup, which is nearly always its container's.
   */
  #find(pid: number, own: OwnNamespaces): Container | undefined {
    const first = this.#findNearby(pid, own) ?? this.#scans.find(own);
    return first && this.#remember(namespacePair(own), first, first.pair);
  }

  /** Of a pid namespace nobody is older than its init, nor of a pair that it is in. */
  #findNearby(pid: number, own: OwnNamespaces): FirstProcess | undefined {
    const init =
      own.pid === this.#host.pid
        ? undefined
        : findNearbyInit({ root: this.#root, reader: this.#reader }, pid, own.pid);
    return own.cgroup === this.#host.cgroup || init?.pair === namespacePair(own) ? init : undefined;
  }

  #byOwnCgroup(pid: number): Identity {
    const cgroup = readContainerCgroup(this.#root, pid);
    if (cgroup === undefined) return gone("the caller ended");
    const identity = this.identifyCgroup(cgroup);
    if (identity.kind === "host") return identity;
    const container = identity.kind === "container" ? identity.container : this.#alone(pid, cgroup);
    return container === undefined
      ? gone("the caller ended")
      : { kind: "container", container: { ...container, cgroup } };
  }

  /** Threaded cgroups (v2) do not list their processes: who asks is the one that is known. */
  #alone(pid: number, cgroup: CgroupPath): Container | undefined {
    const stat = readPidStat(this.#root, pid);
    return stat && this.#remember(cgroupKey(cgroup), { pid, startTicks: stat.startTicks });
  }

  #rememberOldest(key: string, cgroup: CgroupPath): Container | undefined {
    const oldest = oldestProcess(this.#root, processesIn(this.#reader, cgroup));
    return oldest && this.#remember(key, oldest);
  }

  #remember(key: string, init: ProcessRef, name: string = key): Container | undefined {
    const cgroupText = readPidCgroupText(this.#root, init.pid);
    if (cgroupText === undefined) return undefined;
    const container = readContainer(this.#root, name, init, { cgroupText, hostMounts: this.#host.mnt });
    if (container === undefined) return undefined;
    const readAtMs = this.#clock.monotonicMs();
    this.#containers.set(key, { container, name, cgroupText, readAtMs, mountsReadAtMs: readAtMs });
    return container;
  }
}

type Place =
  | { readonly kind: "host" }
  | { readonly kind: "own cgroup" }
  | { readonly kind: "gone" }
  | { readonly kind: "namespaces"; readonly own: OwnNamespaces };

function placeOf(root: HostRoot, host: NamespaceSet, pid: number): Place {
  try {
    const [cgroup, pids] = [readNamespace(root, pid, "cgroup"), readNamespace(root, pid, "pid")];
    if (pids === undefined) return { kind: "gone" };
    if (cgroup !== host.cgroup || pids !== host.pid)
      return { kind: "namespaces", own: { cgroup, pid: pids } };
    return { kind: readNamespace(root, pid, "mnt") === host.mnt ? "host" : "own cgroup" };
  } catch (error) {
    // A security module keeps us out of this process' namespaces: its cgroup is still for all to read.
    if (errnoOf(error) === "EACCES") return { kind: "own cgroup" };
    throw error;
  }
}

/** The server's own namespaces are the host's. */
function hostNamespaces(root: HostRoot): NamespaceSet {
  return {
    cgroup: readNamespace(root, "self", "cgroup"),
    pid: readNamespace(root, "self", "pid"),
    mnt: readNamespace(root, "self", "mnt"),
  };
}

/** None where the list does not read as documented: whoever asks is known all the same. */
function processesIn(reader: CgroupReader, cgroup: CgroupPath): readonly number[] {
  try {
    return reader.processes(cgroup);
  } catch (error) {
    if (error instanceof ParseError) return [];
    throw error;
  }
}

function oldestProcess(root: HostRoot, pids: readonly number[]): ProcessRef | undefined {
  let oldest: ProcessRef | undefined;
  for (const pid of pids.toSorted((a, b) => a - b).slice(0, OLDEST_OF)) {
    const startTicks = readPidStat(root, pid)?.startTicks;
    if (startTicks === undefined) continue;
    if (oldest === undefined || startTicks < oldest.startTicks) oldest = { pid, startTicks };
  }
  return oldest;
}

function gone(reason: string): Identity {
  return { kind: "gone", reason };
}
