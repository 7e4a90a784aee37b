import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { type Condition, canServeContainers, describeIf, hasCommand } from "../support/host.ts";
import { PATIENCE } from "../support/patience.ts";
import {
  makeCgroup,
  startViewContainer,
  type TestCgroup,
  type ViewContainer,
} from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

/** Reads /proc/stat until it is told to end, and prints every column of every line that went back. */
const WATCHER = `
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
seen = {}
print("watching", flush=True)
while True:
    for line in open("/proc/stat"):
        if not line.startswith("cpu"): continue
        name, *columns = line.split()
        before = seen.get(name)
        if before and any(int(now) < int(then) for now, then in zip(columns, before)):
            print(name, before, columns, flush=True)
        seen[name] = columns
    time.sleep(0.02)
`;

import { startShim } from "../support/shim.ts";

/** Between two looks. Under emulation a look itself takes most of a second, and is to be a small part of the time. */
const WINDOW_SECONDS = PATIENCE > 1 ? 6 : 1.5;

const twoCpus: Condition = { reason: "needs two CPUs", met: () => availableParallelism() >= 2 };

/** What the shim shows against what the cgroup's own counters say, at loads that stress-ng makes. */
describeIf(
  ...canServeContainers,
  twoCpus,
  hasCommand("stress-ng"),
  hasCommand("python3"),
)("/proc/stat under load", () => {
  const cleanup = new Cleanup();
  let cgroup: TestCgroup;
  let container: ViewContainer;
  afterAll(() => cleanup.run());

  beforeAll(async () => {
    const { mount } = await startShim(cleanup);
    cgroup = makeCgroup(cleanup, `plimsoll-stat-${process.pid}`);
    container = await startViewContainer(cleanup, cgroup, mount);
  });

  /** A load is there when it has used some time of the CPU; none at all when what was before has ended. */
  async function begun(percent: number): Promise<void> {
    const start = cgroup.cpuSeconds();
    await sleep(600);
    if (percent > 0) await waitFor("the load", () => cgroup.cpuSeconds() > start + 0.1);
  }

  /** One moment: the `cpu` line, and the cgroup's own seconds and the clock before and after it was read. */
  function look() {
    const [clock, usage] = [performance.now() / 1000, cgroup.cpuSeconds()];
    const [, user = 0, nice = 0, system = 0, idle = 0] = container
      .run("head", "-1", "/proc/stat")
      .split(/ +/)
      .map(Number);
    const used = (user + nice + system) / 100;
    return {
      used,
      idle: idle / 100,
      usage: [usage, cgroup.cpuSeconds()],
      clock: [clock, performance.now() / 1000],
    };
  }

  /** The least and the most that can lie between two readings that took a while each. */
  function between(first: readonly number[], last: readonly number[]): readonly [number, number] {
    const [a = 0, b = 0] = first;
    const [c = 0, d = 0] = last;
    return [c - b, d - a];
  }

  /** The percentages of the last `%Cpu(s)` line, by their two letters: us, sy, ni, id, wa, hi, si, st. */
  function lastOfTop(text: string): ReadonlyMap<string, number> {
    const line = text.match(/%Cpu.*/g)?.at(-1) ?? "";
    return new Map(
      [...line.matchAll(/([\d.]+) (\w\w)/g)].map(([, value, name = ""]) => [name, Number(value)]),
    );
  }

  const loads = [0, 50, 100] as const;
  const cases = [0.5, 1, 1.5, 2].flatMap((quota) => loads.map((percent) => ({ quota, percent })));

  test.for(cases)("$percent % of $quota CPUs, in the file and in top", async ({ quota, percent }) => {
    cgroup.setQuota(quota);
    const workers = Math.ceil(quota);
    const share = Math.floor((percent * quota) / workers);
    const stress = ["stress-ng", "--quiet", "--cpu", `${workers}`, "--cpu-load", `${share}`];
    const load = percent === 0 ? undefined : container.start(...stress, "--timeout", "60");
    try {
      await begun(percent);
      // The limit has changed: the first look begins a new epoch, what was before is not looked at.
      container.run("cat", "/proc/stat");
      // Its percentages are of the time between its two screens: so are ours.
      const screens = container.startUncounted("top", "-b", "-n", "2", "-d", `${WINDOW_SECONDS}`);
      await screens.prints(/%Cpu/);
      const first = look();
      await screens.prints(/%Cpu.*\n(.*\n)*%Cpu/);
      const last = look();
      const top = lastOfTop(await screens.finished());
      const used = last.used - first.used;
      const all = used + last.idle - first.idle;
      const [leastUsage, mostUsage] = between(first.usage, last.usage);
      const [leastTime, mostTime] = between(first.clock, last.clock);

      // Rounding: three columns of two lines, a tick each.
      expect(used).toBeGreaterThan(leastUsage - 0.06);
      expect(used).toBeLessThan(mostUsage + 0.06);
      // A throttled cgroup may run ahead by the quota of one period.
      expect(all).toBeGreaterThan(leastTime * quota - 0.1 * quota - 0.06);
      expect(all).toBeLessThan(mostTime * quota + 0.1 * quota + 0.06);
      // Others may use the machine: what a busy loop is granted at least is a guess, what it used is not.
      if (percent === 0) expect(used / all).toBeLessThan(0.1);
      if (percent === 100) expect(used / all).toBeGreaterThan(0.2);
      expect(top.size).toBe(8);
      expect([...top.values()].reduce((sum, value) => sum + value)).toBeCloseTo(100, -0.5);
      // We look a moment after it has looked, both times.
      expect(Math.abs((top.get("id") ?? 0) - 100 * (1 - used / all))).toBeLessThan(15);
    } finally {
      await load?.stop();
    }
  });

  test("never goes back while limits change under load", async () => {
    cgroup.setQuota(2);
    const watcher = container.start("python3", "-c", WATCHER);
    await sleep(250 * PATIENCE);
    const load = container.start("stress-ng", "--quiet", "--cpu", "2", "--timeout", "20");
    for (const quota of [0.5, 2, 1, 1.5, 0.5, 0.25, 2, 1]) {
      await sleep(250);
      cgroup.setQuota(quota);
    }
    await sleep(250);
    const printed = await watcher.stop();
    await load.stop();

    expect(printed).toBe("watching\n");
  });

  test("uptime's idle is the sum that stat shows", () => {
    const [, idle = 0] = container.run("cat", "/proc/uptime").split(" ").map(Number);
    const after = look().idle;

    expect(idle).toBeLessThanOrEqual(after + 0.01);
    expect(idle).toBeGreaterThan(after - 2);
  });
});
