import { readdirSync, readFileSync } from "node:fs";

/** What one process takes; counters are since its start. */
export interface ProcessFigures {
  /** Pages shared with others count by their part. */
  readonly proportionalBytes: number;
  readonly anonymousBytes: number;
  readonly cpuMs: number;
  /** Times a thread was taken up again after it had waited. */
  readonly wakeUps: number;
  readonly threads: number;
  readonly children: number;
}

export function readFigures(pid: number): ProcessFigures {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const tasks = readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`);
  const sum = (of: (task: string) => number): number => tasks.reduce((all, task) => all + of(task), 0);
  return {
    proportionalBytes: kibibytes(rollup, "Pss") * 1024,
    anonymousBytes: kibibytes(rollup, "Anonymous") * 1024,
    cpuMs: sum((task) => Number(readFileSync(`${task}/schedstat`, "utf8").split(" ")[0])) / 1e6,
    wakeUps: sum((task) =>
      Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`${task}/status`, "utf8"))?.[1]),
    ),
    threads: tasks.length,
    children: sum((task) => readFileSync(`${task}/children`, "utf8").split(" ").filter(Boolean).length),
  };
}

function kibibytes(rollup: string, key: string): number {
  return Number(new RegExp(`^${key}: +(\\d+) kB`, "m").exec(rollup)?.[1]);
}
