import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CpuTicks } from "../../../../lxcfs-shim/proc-files/types.ts";
import {
  accountTicks,
  advanceCpuAccount,
  type CpuAccount,
  type CpuReading,
  type CpuShape,
} from "../../../../lxcfs-shim/view/cpu-accounting.ts";

function reading(atSeconds: number, userSeconds: number, systemSeconds = 0, niceSeconds = 0): CpuReading {
  const usageSeconds = userSeconds + niceSeconds + systemSeconds;
  return { atSeconds, usageSeconds, userSeconds, niceSeconds, systemSeconds };
}

const HALF: CpuShape = { cpus: [0], capacityCpus: 0.5, cgroup: "/web" };
const ONE: CpuShape = { cpus: [0], capacityCpus: 1, cgroup: "/web" };
const TWO: CpuShape = { cpus: [0, 1], capacityCpus: 2, cgroup: "/web" };

function total(account: CpuAccount): CpuTicks {
  return accountTicks(account).total;
}

function busyShare(before: CpuTicks, after: CpuTicks): number {
  const used = (at: CpuTicks): number => at.user + at.nice + at.system;
  const busy = used(after) - used(before);
  return busy / (busy + after.idle - before.idle);
}

describe("the first read", () => {
  test("is the container's whole life: capacity since its start", () => {
    const account = advanceCpuAccount(undefined, reading(100, 20, 5, 1), TWO);

    expect(total(account)).toEqual({ user: 2000, nice: 100, system: 500, idle: 17_400 });
  });

  test("is the same as that of a server that has watched all the time", () => {
    let watched: CpuAccount | undefined;
    for (let second = 1; second <= 100; second += 1) {
      watched = advanceCpuAccount(watched, reading(second, second * 0.25, second * 0.125), HALF);
    }
    const restarted = advanceCpuAccount(undefined, reading(100, 25, 12.5), HALF);

    expect(accountTicks(restarted)).toEqual(watched && accountTicks(watched));
  });
});

test("a quota used up is 100 %, half of it 50 %", () => {
  const start = advanceCpuAccount(undefined, reading(10, 0), HALF);
  const full = advanceCpuAccount(start, reading(20, 5), HALF);
  const half = advanceCpuAccount(full, reading(30, 7.5), HALF);

  expect(busyShare(total(start), total(full))).toBe(1);
  expect(busyShare(total(full), total(half))).toBe(0.5);
});

test("the visible CPUs share alike, to the tick", () => {
  const account = advanceCpuAccount(undefined, reading(10, 3.33), TWO);

  expect(accountTicks(account).ticks).toEqual([
    { user: 166, nice: 0, system: 0, idle: 833 },
    { user: 167, nice: 0, system: 0, idle: 834 },
  ]);
});

describe("user and system that do not add up to the usage", () => {
  const counted = (at: CpuReading, usageSeconds: number): CpuReading => ({ ...at, usageSeconds });

  test("divide it in their proportion", () => {
    const account = advanceCpuAccount(undefined, counted(reading(100, 3, 1), 8), TWO);

    expect(total(account)).toMatchObject({ user: 600, system: 200, idle: 19_200 });
  });

  test("none goes back when the proportion turns, and the sum stays", () => {
    const before = advanceCpuAccount(undefined, counted(reading(100, 3, 1), 8), TWO);
    const after = advanceCpuAccount(before, counted(reading(101, 3, 9), 8.5), TWO);

    expect(total(after)).toMatchObject({ user: 600, system: 250 });
  });

  test("usage nobody has divided yet is the user's", () => {
    expect(total(advanceCpuAccount(undefined, counted(reading(1, 0, 0), 0.05), TWO)).user).toBe(5);
  });
});

describe("a limit that changes", () => {
  test("holds from the last read on, on top of what was shown", () => {
    const before = advanceCpuAccount(undefined, reading(100, 10), HALF);
    const after = advanceCpuAccount(before, reading(110, 20), ONE);

    expect(total(before)).toEqual({ user: 1000, nice: 0, system: 0, idle: 4000 });
    expect(total(after)).toEqual({ user: 2000, nice: 0, system: 0, idle: 4000 });
  });

  test("a CPU that goes keeps counting in the sum, and goes on when it comes back", () => {
    const two = advanceCpuAccount(undefined, reading(10, 4), TWO);
    const one = advanceCpuAccount(two, reading(11, 4), ONE);
    const again = advanceCpuAccount(one, reading(12, 4), TWO);

    expect(total(one).idle).toBe(total(two).idle + 100);
    expect(accountTicks(one).ticks).toHaveLength(1);
    expect(total(again).idle).toBe(total(one).idle + 200);
    expect(accountTicks(again).ticks[1]?.idle).toBe((accountTicks(two).ticks[1]?.idle ?? 0) + 100);
  });
});

describe("usage ahead of the capacity", () => {
  test("within a burst only holds idle back", () => {
    const idle = advanceCpuAccount(undefined, reading(10, 0), HALF);
    const burst = advanceCpuAccount(idle, reading(10.1, 0.1), HALF);
    const later = advanceCpuAccount(burst, reading(10.2, 0.1), HALF);

    expect([total(idle).idle, total(burst).idle, total(later).idle]).toEqual([500, 500, 500]);
  });

  test("by a limit lowered unseen is forgiven: when it idles, it shows", () => {
    const idle = advanceCpuAccount(undefined, reading(10, 0), HALF);
    const ahead = advanceCpuAccount(idle, reading(11, 100), HALF);
    const later = advanceCpuAccount(ahead, reading(21, 100), HALF);

    expect(total(ahead).idle).toBe(total(idle).idle);
    expect(total(later).idle).toBeGreaterThan(total(ahead).idle + 300);
  });
});

describe("a cgroup older than its container", () => {
  test("used the difference before: the container's times are no more than there was time", () => {
    const first = advanceCpuAccount(undefined, reading(10, 900, 100), HALF);
    const second = advanceCpuAccount(first, reading(20, 901, 100), HALF);

    expect(total(first)).toEqual({ user: 450, nice: 0, system: 50, idle: 0 });
    expect(total(second)).toEqual({ user: 550, nice: 0, system: 50, idle: 400 });
  });
});

describe("a container that was moved to another cgroup", () => {
  const MOVED: CpuShape = { ...TWO, cgroup: "/elsewhere" };
  const before = advanceCpuAccount(undefined, reading(100, 50), TWO);

  test("goes on from what was shown with what is used there", () => {
    const moved = advanceCpuAccount(before, reading(110, 1), MOVED);
    const after = advanceCpuAccount(moved, reading(120, 11), MOVED);

    expect(total(moved)).toEqual({ user: 5000, nice: 0, system: 0, idle: 17_000 });
    expect(total(after)).toEqual({ user: 6000, nice: 0, system: 0, idle: 18_000 });
  });

  test("is not taken for busy because others were there before", () => {
    const moved = advanceCpuAccount(before, reading(110, 5000), MOVED);

    expect(total(moved)).toEqual({ user: 5000, nice: 0, system: 0, idle: 17_000 });
  });
});

test("survives being written down", () => {
  const account = advanceCpuAccount(undefined, reading(10, 3), TWO);
  const restored: CpuAccount = JSON.parse(JSON.stringify(account));

  expect(advanceCpuAccount(restored, reading(20, 4), TWO)).toEqual(
    advanceCpuAccount(account, reading(20, 4), TWO),
  );
});

test("whatever is used and whatever limits change, no figure ever goes back", () => {
  const step = fc.record({
    seconds: fc.double({ min: 0, max: 100, noNaN: true }),
    // Counters that stand still, or fall because the cgroup was made anew.
    user: fc.double({ min: -5, max: 200, noNaN: true }),
    system: fc.double({ min: 0, max: 50, noNaN: true }),
    cpus: fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 4 }).map((ids) => ids.sort((a, b) => a - b)),
    quota: fc.double({ min: 0.01, max: 8, noNaN: true }),
    cgroup: fc.constantFrom("/web", "/elsewhere"),
    keepsShape: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      let account: CpuAccount | undefined;
      let at = reading(0, 0);
      for (const { seconds, user, system, cpus, quota, cgroup, keepsShape } of steps) {
        at = reading(at.atSeconds + seconds, Math.max(0, at.userSeconds + user), at.systemSeconds + system);
        const shape = { cpus, capacityCpus: Math.min(quota, cpus.length), cgroup };
        const next: CpuAccount = advanceCpuAccount(
          account,
          at,
          keepsShape ? (account?.shape ?? shape) : shape,
        );
        expectNoFigureBack(account, next);
        account = next;
      }
    }),
  );
});

function expectNoFigureBack(before: CpuAccount | undefined, after: CpuAccount): void {
  for (const [id, ticks] of Object.entries(before?.shown ?? {})) {
    for (const key of ["user", "nice", "system", "idle"] as const) {
      const now = after.shown[Number(id)]?.[key] ?? -1;
      expect(now).toBeGreaterThanOrEqual(ticks[key]);
      expect(Number.isSafeInteger(now)).toBe(true);
    }
  }
}
