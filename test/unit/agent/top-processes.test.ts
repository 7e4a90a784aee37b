import { expect, test } from "vitest";
import { TopProcesses } from "../../../agent/top-processes.ts";
import type { PidStat } from "../../../core/kernel/proc/pid-stat.ts";

function process(pid: number, comm: string, ticks: number, residentPages = 1, startTicks = 1): PidStat {
  return {
    pid,
    comm,
    state: "S",
    ppid: 1,
    userTicks: ticks,
    systemTicks: 0,
    threads: 1,
    startTicks,
    residentPages,
  };
}

function show(top: TopProcesses, ...stats: readonly PidStat[]): string[] {
  return top
    .follow(stats, 0)
    .filter(({ name }) => name !== "plimsoll_process_count")
    .map(({ name, labels, samples }) => `${name.split("_")[2]} ${labels.name} ${samples[0]?.value}`);
}

test("the most by CPU time since the last time, and the most by memory", () => {
  const top = new TopProcesses(1, 10);
  show(top, process(1, "old", 900), process(2, "new", 0), process(3, "big", 0, 50));

  expect(show(top, process(1, "old", 900), process(2, "new", 100), process(3, "big", 0, 50))).toEqual([
    "cpu big 0",
    "resident big 500",
    "cpu new 1",
    "resident new 10",
  ]);
});

test("a name's CPU time never falls: not when a process ends, nor when its pid is another's", () => {
  const top = new TopProcesses(1, 1);
  show(top, process(1, "sh", 300), process(2, "sh", 500));
  expect(show(top, process(2, "sh", 600))[0]).toBe("cpu sh 9");
  expect(show(top, process(2, "sh", 50, 1, 77))[0]).toBe("cpu sh 9.5");
});

test("names are bounded: those of which nothing is left go first", () => {
  const top = new TopProcesses(1, 1);
  show(top, process(1, "kept", 700), ...Array.from({ length: 250 }, (_, i) => process(10 + i, `n${i}`, 1)));
  show(top, process(1, "kept", 800), ...Array.from({ length: 250 }, (_, i) => process(400 + i, `m${i}`, 1)));
  expect(show(top, process(1, "kept", 800), process(2, "n249", 500))).toContain("cpu n249 5");
});
