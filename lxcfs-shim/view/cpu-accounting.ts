import type { CpuTicks } from "../proc-files/types.ts";

/**
 * /proc/stat's times of one container. It is shown its capacity: `capacityCpus` × USER_HZ ticks a second, spread
 * evenly over its visible CPUs; what it used is user, nice and system, the rest is idle. `top` then says 100 % when
 * the quota is used up.
 *
 * Everything is computed from the kernel's own counters and the container's age, so the first read is
 * meaningful and a restarted server gives the same figures. State is needed where limits changed: an *epoch* begins,
 * on top of what was shown until then. No figure ever goes back.
 */

/** The kernel's counters at one moment. */
export interface CpuReading {
  /** Age of the container. */
  readonly atSeconds: number;
  /** What quotas are enforced on. The other three say how it is divided, and need not add up to it: v1 counts them by timer ticks. */
  readonly usageSeconds: number;
  /** Without nice. */
  readonly userSeconds: number;
  readonly niceSeconds: number;
  readonly systemSeconds: number;
}

/** What decides how the counters are shown; a change begins an epoch. */
export interface CpuShape {
  readonly cpus: readonly number[];
  /** CPUs' worth of time per second, ≤ cpus.length. */
  readonly capacityCpus: number;
  /** Whose counters they are: those of another cgroup have nothing to do with what was shown. */
  readonly cgroup: string;
}

/** One container's accounting, a plain value: it can be written down and read back. */
export interface CpuAccount {
  readonly shape: CpuShape;
  /** The epoch's begin: its reading, and what each CPU had shown by then. */
  readonly start: CpuReading;
  readonly base: TicksById;
  /** Idle time the epoch was granted on top of its capacity, in ticks: see `forgive`. */
  readonly grantedTicks: number;
  /** The last reading, and the most each CPU was ever shown, those no longer visible included. */
  readonly last: CpuReading;
  readonly shown: TicksById;
}

/** Ticks by CPU id; a record, not a map, so that it survives JSON. */
export type TicksById = Readonly<Record<number, CpuTicks>>;

const USER_HZ = 100;

/**
 * How far usage may run ahead of capacity before it is taken for a wrong guess of ours (a cgroup older than its
 * container, a limit that changed unseen) instead of a burst within a scheduler period.
 */
const BURST_TICKS = USER_HZ;

const NO_TICKS: CpuTicks = { user: 0, nice: 0, system: 0, idle: 0 };
const CONTAINER_START: CpuReading = {
  atSeconds: 0,
  usageSeconds: 0,
  userSeconds: 0,
  niceSeconds: 0,
  systemSeconds: 0,
};

/** The account after one more reading; `account` is undefined at the first. */
export function advanceCpuAccount(
  account: CpuAccount | undefined,
  counters: CpuReading,
  shape: CpuShape,
): CpuAccount {
  const epoch = epochFor(account, counters, shape);
  const reading = divideUsage(counters, epoch.last);
  const used = {
    user: ticks(reading.userSeconds - epoch.start.userSeconds),
    nice: ticks(reading.niceSeconds - epoch.start.niceSeconds),
    system: ticks(reading.systemSeconds - epoch.start.systemSeconds),
  };
  const capacity = ticks((reading.atSeconds - epoch.start.atSeconds) * shape.capacityCpus);
  const surplus = capacity - used.user - used.nice - used.system;
  const idleShown = sumIdle(epoch.shown, shape.cpus) - sumIdle(epoch.base, shape.cpus);
  const grantedTicks = forgive(epoch.grantedTicks, surplus, idleShown);
  const gained = { ...used, idle: Math.max(0, surplus + grantedTicks) };
  return { ...epoch, grantedTicks, last: reading, shown: showTicks(epoch, gained) };
}

/** The visible CPUs' ticks in the order of `shape.cpus`, and the sum over all the container ever had. */
export function accountTicks({ shape, shown }: CpuAccount): {
  ticks: readonly CpuTicks[];
  total: CpuTicks;
} {
  return {
    ticks: shape.cpus.map((id) => shown[id] ?? NO_TICKS),
    total: Object.values(shown).reduce(addTicks, NO_TICKS),
  };
}

/**
 * The usage divided as the counters say, so that the parts add up to it, and none is less than it was: as the kernel does
 * it for /proc/PID/stat (kernel/sched/cputime.c, cputime_adjust).
 */
function divideUsage(counters: CpuReading, last: CpuReading): CpuReading {
  const usage = Math.max(counters.usageSeconds, last.usageSeconds);
  const counted = counters.userSeconds + counters.niceSeconds + counters.systemSeconds;
  const scale = counted > 0 ? usage / counted : 0;
  const systemSeconds = clamp(
    counters.systemSeconds * scale,
    last.systemSeconds,
    usage - last.userSeconds - last.niceSeconds,
  );
  const niceSeconds = clamp(
    counters.niceSeconds * scale,
    last.niceSeconds,
    usage - last.userSeconds - systemSeconds,
  );
  const userSeconds = usage - systemSeconds - niceSeconds;
  return { atSeconds: counters.atSeconds, usageSeconds: usage, userSeconds, niceSeconds, systemSeconds };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}

/** The running epoch, or a new one if the shape changed: it then holds from the last reading on, as nobody saw when it changed. */
function epochFor(account: CpuAccount | undefined, counters: CpuReading, shape: CpuShape): CpuAccount {
  if (account === undefined) {
    const start = startOf(counters, shape);
    return { shape, start, base: {}, grantedTicks: 0, last: start, shown: {} };
  }
  if (sameShape(account.shape, shape)) return account;
  const { last } = account;
  const isMoved = account.shape.cgroup !== shape.cgroup;
  const start = isMoved ? { ...divideUsage(counters, CONTAINER_START), atSeconds: last.atSeconds } : last;
  return { ...account, shape, start, last: start, base: account.shown, grantedTicks: 0 };
}

/**
 * What was used beyond all that the container could has been used before it began: a cgroup may be older than who is in it
 * (a machine started again in the one it had, a pid namespace made later).
 */
function startOf(counters: CpuReading, { capacityCpus }: CpuShape): CpuReading {
  const usageSeconds = counters.usageSeconds - counters.atSeconds * capacityCpus;
  if (ticks(usageSeconds) <= BURST_TICKS) return CONTAINER_START;
  return { ...divideUsage({ ...counters, usageSeconds }, CONTAINER_START), atSeconds: 0 };
}

/**
 * Idle is capacity minus usage. Where usage ran further ahead than a burst, idle would stand still until capacity has
 * caught up and show an idle container as busy: so the epoch is granted the difference.
 */
function forgive(granted: number, surplus: number, idleShown: number): number {
  const behind = idleShown - (surplus + granted);
  return behind > BURST_TICKS ? granted + behind - BURST_TICKS : granted;
}

/** base + the even share of what the epoch gained, but never less than was shown before. */
function showTicks({ shape, base, shown }: CpuAccount, gained: CpuTicks): TicksById {
  const next: Record<number, CpuTicks> = { ...shown };
  for (const [index, id] of shape.cpus.entries()) {
    const share = mapTicks(
      (key) => (base[id] ?? NO_TICKS)[key] + evenShare(gained[key], index, shape.cpus.length),
    );
    next[id] = mapTicks((key) => Math.max(share[key], (shown[id] ?? NO_TICKS)[key]));
  }
  return next;
}

/** ⌊(total + index) / parts⌋: the shares add up to `total` exactly, and none falls as `total` rises. */
function evenShare(total: number, index: number, parts: number): number {
  return Math.floor((total + index) / parts);
}

function sameShape(a: CpuShape, b: CpuShape): boolean {
  return (
    a.cgroup === b.cgroup &&
    a.capacityCpus === b.capacityCpus &&
    a.cpus.length === b.cpus.length &&
    a.cpus.every((id, index) => id === b.cpus[index])
  );
}

function sumIdle(byId: TicksById, ids: readonly number[]): number {
  return ids.reduce((sum, id) => sum + (byId[id]?.idle ?? 0), 0);
}

function addTicks(a: CpuTicks, b: CpuTicks): CpuTicks {
  return mapTicks((key) => a[key] + b[key]);
}

function mapTicks(value: (key: keyof CpuTicks) => number): CpuTicks {
  return { user: value("user"), nice: value("nice"), system: value("system"), idle: value("idle") };
}

/** Whole ticks; what a division left of one in the ninth digit is not missing. */
function ticks(seconds: number): number {
  return Math.max(0, Math.floor(seconds * USER_HZ + 1e-6));
}
