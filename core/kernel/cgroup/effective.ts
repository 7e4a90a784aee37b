import { lazyClass } from "../lazy.ts";
import { once } from "../once.ts";
import type { CgroupPath, CgroupReader } from "./reader.ts";
import type { CgroupLimits, MemoryStats } from "./stats.ts";
import { swapWithin } from "./values.ts";

/** What holds for a cgroup once all its ancestors have had their say. Every property is lazy. */
export interface EffectiveLimits {
  /** Undefined when neither the cgroup nor an ancestor has the memory controller. */
  readonly memory: EffectiveMemory | undefined;
  /** The smallest quota, in CPUs; Infinity without any. */
  readonly quotaCpus: number;
  /** The ids it may run on, ascending, at least one; undefined when no cpuset controller is mounted. */
  readonly cpus: readonly number[] | undefined;
}

export interface EffectiveMemory {
  /**
   * Numbers of the nearest cgroup, from the path upwards, that has the controller. With a limit on the
   * parent only, they are the parent's: its limit is met by its usage.
   */
  readonly stats: MemoryStats;
  /** Minimum over the cgroup and its ancestors; Infinity without any limit. */
  readonly limitBytes: number;
  /** Minimum over the cgroup and its ancestors of limit − usage, ≥ 0; Infinity without any limit. */
  readonly roomBytes: number;
  /**
   * Swap alone; Infinity without a limit, undefined without swap accounting. v1 limits RAM + swap: what
   * is left of that limit beside a full `limitBytes`.
   */
  readonly swapLimitBytes: number | undefined;
  /** v1 only, RAM + swap. */
  readonly memswLimitBytes: number | undefined;
}

/** A cgroup on the way up. */
interface Ancestor {
  readonly path: CgroupPath;
  readonly limits: CgroupLimits;
}

/** What is above each cgroup, the nearest first; of one moment: cgroups with the same parent have one answer. */
export type AncestorsOf = (path: CgroupPath) => readonly Ancestor[];

export function openAncestors(reader: CgroupReader): AncestorsOf {
  const known = new Map<string, readonly Ancestor[]>();
  const above: AncestorsOf = (path) => {
    const parent = reader.parentOf(path);
    if (parent === undefined) return [];
    const key = [parent.unified, ...parent.controllers.values()].join("\n");
    const chain = known.get(key) ?? [{ path: parent, limits: reader.readLimits(parent) }, ...above(parent)];
    known.set(key, chain);
    return chain;
  };
  return above;
}

export function readEffective(
  reader: CgroupReader,
  path: CgroupPath,
  ancestorsOf: AncestorsOf = openAncestors(reader),
): EffectiveLimits {
  const chain = once((): readonly Ancestor[] => [
    { path, limits: reader.readLimits(path) },
    ...ancestorsOf(path),
  ]);
  return lazyLimits({
    memory: () => effectiveMemory(reader, chain()),
    quotaCpus: () => Math.min(...chain().map(({ limits }) => limits.quotaCpus)),
    cpus: () => nearestCpus(chain()),
  });
}

const lazyLimits = lazyClass<EffectiveLimits>();

function effectiveMemory(reader: CgroupReader, chain: readonly Ancestor[]): EffectiveMemory | undefined {
  for (const [level, { path }] of chain.entries()) {
    const stats = reader.read(path).memory;
    if (stats !== undefined) return withAncestors(stats, chain.slice(level + 1));
  }
  return undefined;
}

function withAncestors(stats: MemoryStats, ancestors: readonly Ancestor[]): EffectiveMemory {
  let limitBytes = stats.limitBytes;
  let roomBytes = Math.max(0, stats.limitBytes - stats.usageBytes);
  let memswLimitBytes = stats.memswLimitBytes;
  let swapLimitBytes = stats.swapLimitBytes;
  for (const ancestor of ancestors) {
    const limits = ancestor.limits.memory;
    if (limits === undefined) continue;
    limitBytes = Math.min(limitBytes, limits.limitBytes);
    roomBytes = Math.min(roomBytes, limits.roomBytes);
    memswLimitBytes = least(memswLimitBytes, limits.memswLimitBytes);
    swapLimitBytes = least(swapLimitBytes, limits.swapLimitBytes);
  }
  if (memswLimitBytes !== undefined) swapLimitBytes = swapWithin(memswLimitBytes, limitBytes);
  return { stats, limitBytes, roomBytes, swapLimitBytes, memswLimitBytes };
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : Math.min(a, b ?? Number.POSITIVE_INFINITY);
}

/** A cpuset is always within its parent's, so the nearest one has them all counted in. */
function nearestCpus(chain: readonly Ancestor[]): readonly number[] | undefined {
  for (const { limits } of chain) if (limits.effectiveCpus !== undefined) return limits.effectiveCpus;
  return undefined;
}
