import { readdirSync } from "node:fs";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { errnoOf } from "../../core/runtime/errors.ts";
import {
  type FirstProcess,
  isRunning,
  type NamespacePair,
  type NamespaceSet,
  namespacePair,
  type OwnNamespaces,
  type ProcessRef,
  readNamespace,
} from "./namespaces.ts";

/** So many processes are looked at in one go: about 40 ms. */
const STEP = 8192;
/**
 * Scans take at most one part in so many of the server's time, whatever containers do with namespaces; after a while without
 * any so many milliseconds at once: whoever is turned away is taken for something else.
 */
const SHARE = 5;
const CREDIT_MS = 400;

export interface ScanLimits {
  readonly stepSize: number;
  readonly creditMs: number;
}

/**
 * Who is the oldest in a pair of namespaces, out of all processes of the host. What one look at /proc has found serves
 * everybody who asks; it is taken in steps, so that no reader waits for all of a large host's.
 */
export class NamespaceScans {
  readonly #root: HostRoot;
  readonly #host: NamespaceSet;
  readonly #clock: Clock;
  readonly #limits: ScanLimits;
  #found: ReadonlyMap<NamespacePair, FirstProcess> = new Map();
  #scan: Scan | undefined;
  #creditMs: number;
  #creditedAtMs: number;

  constructor(
    root: HostRoot,
    host: NamespaceSet,
    clock: Clock,
    limits: ScanLimits = { stepSize: STEP, creditMs: CREDIT_MS },
  ) {
    this.#limits = limits;
    this.#creditMs = limits.creditMs;
    this.#creditedAtMs = clock.monotonicMs();
    this.#root = root;
    this.#host = host;
    this.#clock = clock;
  }

  /** Undefined where it is not known yet: who asks goes on without. */
  find(own: OwnNamespaces): FirstProcess | undefined {
    const pair = namespacePair(own);
    const known = this.#known(pair);
    if (known !== undefined) return known;
    this.#step(own);
    return this.#known(pair);
  }

  #known(pair: NamespacePair): FirstProcess | undefined {
    const first = this.#found.get(pair);
    const stat = first && readPidStat(this.#root, first.pid);
    return stat?.startTicks === first?.startTicks && stat && isRunning(stat) ? first : undefined;
  }

  #step({ pid }: OwnNamespaces): void {
    const { stepSize, creditMs } = this.#limits;
    const start = this.#clock.monotonicMs();
    this.#creditMs = Math.min(creditMs, this.#creditMs + (start - this.#creditedAtMs) / SHARE);
    this.#creditedAtMs = start;
    if (this.#creditMs <= 0) return;
    this.#scan ??= new Scan(this.#root, this.#host, pid === this.#host.pid);
    if (this.#scan.look(stepSize)) {
      this.#found = this.#scan.oldest;
      this.#scan = undefined;
    }
    this.#creditMs -= this.#clock.monotonicMs() - start;
  }
}

/**
 * One pass over /proc: for every pair of namespaces but the host's own its oldest process. A pid namespace's oldest is its
 * init, as nobody else can be in there before. One namespace of a container with the host's other is who has entered
 * the one alone (`nsenter -m -p`): that pair's oldest is the oldest of the one.
 */
class Scan {
  readonly oldest = new Map<NamespacePair, FirstProcess>();
  readonly #root: HostRoot;
  readonly #host: NamespaceSet;
  /** Also for who shares the host's pids: nearly all of the host's processes do, and of each it costs another look. */
  readonly #amongHostPids: boolean;
  readonly #pids: readonly string[];
  #at = 0;

  constructor(root: HostRoot, host: NamespaceSet, amongHostPids: boolean) {
    this.#root = root;
    this.#host = host;
    this.#amongHostPids = amongHostPids;
    this.#pids = readdirSync(root.proc("")).filter((name) => /^\d+$/.test(name));
  }

  /** Looks at the next `count` processes; whether there are no more. */
  look(count: number): boolean {
    const end = Math.min(this.#at + count, this.#pids.length);
    for (; this.#at < end; this.#at += 1) {
      try {
        this.#lookAt(Number(this.#pids[this.#at]));
      } catch (error) {
        // One process that refuses, or whose files we cannot parse, must not hide the others.
        if (errnoOf(error) === "EMFILE") throw error;
      }
    }
    return end === this.#pids.length;
  }

  #lookAt(pid: number): void {
    const host = this.#host;
    const pids = readNamespace(this.#root, pid, "pid");
    if (pids === undefined || (pids === host.pid && !this.#amongHostPids)) return;
    const own: OwnNamespaces = { cgroup: readNamespace(this.#root, pid, "cgroup"), pid: pids };
    const pair = namespacePair(own);
    if (pair === namespacePair(host)) return;
    const stat = readPidStat(this.#root, pid);
    if (stat === undefined || !isRunning(stat)) return;
    const process: FirstProcess = { pid, startTicks: stat.startTicks, pair };
    const entered = [
      namespacePair({ ...own, cgroup: host.cgroup }),
      namespacePair({ ...own, pid: host.pid }),
    ];
    for (const key of [pair, ...entered]) {
      if (key !== namespacePair(host) && isOlder(process, this.oldest.get(key)))
        this.oldest.set(key, process);
    }
  }
}

/** Start times are in ticks of 10 ms: of two in the same tick the one with the lower pid came first, but for a wrap of the pids. */
function isOlder(a: ProcessRef, b: ProcessRef | undefined): boolean {
  return b === undefined || a.startTicks < b.startTicks || (a.startTicks === b.startTicks && a.pid < b.pid);
}
