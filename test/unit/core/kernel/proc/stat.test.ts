import { describe, expect, it } from "vitest";
import { parseStat, readStat } from "../../../../../core/kernel/proc/stat.ts";
import { fixtureHost, HOST_NAMES, tempHost } from "../hosts.ts";

const TICKS = {
  user: 1,
  nice: 2,
  system: 3,
  idle: 4,
  iowait: 5,
  irq: 6,
  softirq: 7,
  steal: 8,
  guest: 9,
  guestNice: 10,
};

describe("parseStat", () => {
  it("reads every line it knows and skips the others", () => {
    const text = [
      "cpu  1 2 3 4 5 6 7 8 9 10",
      "cpu3 1 2 3 4 5 6 7 8 9 10",
      "intr 188113 0 0 14",
      "ctxt 466443",
      "btime 1795412661",
      "processes 6006",
      "procs_running 3",
      "procs_blocked 1",
      "softirq 81928 0 12498",
      "futuristic 1 2 3",
      "",
    ].join("\n");
    expect(parseStat(text)).toEqual({
      total: TICKS,
      cpus: [{ id: 3, ...TICKS }],
      interrupts: 188_113,
      contextSwitches: 466_443,
      bootTimeSeconds: 1_795_412_661,
      processes: 6006,
      running: 3,
      blocked: 1,
      softInterrupts: 81_928,
    });
  });

  it("takes columns an old kernel lacks for 0 and skips those of a newer one", () => {
    const { total, cpus } = parseStat("cpu  1 2 3 4\ncpu0 1 2 3 4 5 6 7 8 9 10 11\n");
    expect(total).toEqual({ ...TICKS, iowait: 0, irq: 0, softirq: 0, steal: 0, guest: 0, guestNice: 0 });
    expect(cpus).toEqual([{ id: 0, ...TICKS }]);
  });

  it("leaves out what is not there", () =>
    expect(parseStat("cpu  1 2 3 4\n").contextSwitches).toBeUndefined());

  it("is not fooled by a name that objects have anyway", () => {
    expect(parseStat("cpu  1 2 3 4\nconstructor 1\n").cpus).toEqual([]);
  });

  it.each([
    ["", "stat:1: ends too early"],
    ["ctxt 1\n", "stat:2: ends too early"],
    ["cpu  1 2 3\n", 'stat:1: cannot parse "cpu  1 2 3"'],
    ["cpu  1 2 3 4\ncpux 1 2 3 4\n", 'stat:2: cannot parse "cpux 1 2 3 4"'],
    ["cpu  1 2 3 4\nctxt \n", 'stat:2: cannot parse "ctxt "'],
    ["cpu  1 2 3 4 -5\n", 'stat:1: cannot parse "cpu  1 2 3 4 -5"'],
  ])("refuses %j", (text, message) => expect(() => parseStat(text)).toThrow(message));
});

describe("readStat", () => {
  it.each(HOST_NAMES)("%s: the rows add up to the total", (name) => {
    const stat = readStat(fixtureHost(name));
    const users = stat?.cpus.reduce((sum, cpu) => sum + cpu.user, 0) ?? 0;
    // The kernel rounds each row down to ticks for itself.
    expect(Math.abs((stat?.total.user ?? 0) - users)).toBeLessThanOrEqual(stat?.cpus.length ?? 0);
  });

  it("finds 64 CPUs", () => expect(readStat(fixtureHost("many-cpu"))?.cpus.at(-1)?.id).toBe(63));
  it("is undefined without the file", () => expect(readStat(tempHost({}))).toBeUndefined());
});
