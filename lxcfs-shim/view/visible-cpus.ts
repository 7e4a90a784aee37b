/** Which figures decide how many CPUs a container has. */
export type CpuPolicy = "cpuset" | "quota" | "both";

/** What limits a container's CPUs. */
export interface CpuLimits {
  /** The ids it may run on; undefined without a cpuset controller. */
  readonly effectiveCpus: readonly number[] | undefined;
  /** CPUs' worth of quota over the cgroup and its ancestors, Infinity without one. */
  readonly quotaCpus: number;
}

/**
 * The ids of the CPUs a container has: the first ⌈quota⌉ of those it may run on, at least one, ascending.
 * They keep the host's numbers, so that one shown in /proc is one that taskset accepts.
 */
export function visibleCpus(
  limits: CpuLimits,
  onlineCpus: () => readonly number[],
  policy: CpuPolicy = "both",
): readonly number[] {
  const allowed = policy === "quota" ? [] : (limits.effectiveCpus ?? []);
  const ids = allowed.length > 0 ? allowed : onlineCpus();
  const count = policy === "cpuset" ? ids.length : Math.ceil(limits.quotaCpus);
  return ids.slice(0, Math.max(1, count));
}
