import type { PidStat } from "../core/kernel/proc/pid-stat.ts";
import type { Series } from "../core/metrics/series.ts";
import { counter, gauge, point } from "./metric.ts";

const CPU = counter("plimsoll_process_cpu_seconds_total", "CPU time of the processes of this name.");
const MEMORY = gauge(
  "plimsoll_process_resident_memory_bytes",
  "Resident memory of the processes of this name, what they share counted for each.",
);
const COUNT = gauge("plimsoll_process_count", "Processes of this name.");

/** The kernel's USER_HZ. */
const TICKS_PER_SECOND = 100;

/** Names whose CPU time is kept. A program can give itself as many as it likes. */
const MAX_NAMES = 200;

/** All processes of one name, of at most 15 bytes: the kernel keeps no more. */
interface Program {
  count: number;
  residentPages: number;
  /** Since the last time. */
  ticks: number;
}

/** The names with the most CPU time and memory. Process ids would make a series of each process that ever ran. */
export class TopProcesses {
  readonly #top: number;
  readonly #pageBytes: number;
  /** Of each process that was there last time: a process is a pid and the time of its start. */
  #known: ReadonlyMap<string, number> = new Map();
  /** By name, of processes that have ended as well: it only grows while the name is kept. */
  readonly #totalTicks = new Map<string, number>();

  constructor(top: number, pageBytes: number) {
    this.#top = top;
    this.#pageBytes = pageBytes;
  }

  follow(stats: readonly PidStat[], nowMs: number): Series[] {
    const programs = this.#group(stats);
    for (const [name, { ticks }] of programs) {
      this.#totalTicks.set(name, (this.#totalTicks.get(name) ?? 0) + ticks);
    }
    this.#forget(programs);
    return this.#choose(programs).flatMap(([name, program]) => {
      const labels = { name };
      const ticks = this.#totalTicks.get(name) ?? 0;
      return [
        point(CPU, labels, ticks / TICKS_PER_SECOND, nowMs),
        point(MEMORY, labels, program.residentPages * this.#pageBytes, nowMs),
        point(COUNT, labels, program.count, nowMs),
      ];
    });
  }

  #group(stats: readonly PidStat[]): Map<string, Program> {
    const programs = new Map<string, Program>();
    const known = new Map<string, number>();
    for (const { pid, startTicks, comm, userTicks, systemTicks, residentPages } of stats) {
      const process = `${pid} ${startTicks}`;
      const ticks = userTicks + systemTicks;
      known.set(process, ticks);
      const program = programs.get(comm) ?? { count: 0, residentPages: 0, ticks: 0 };
      program.count += 1;
      program.residentPages += residentPages;
      program.ticks += Math.max(0, ticks - (this.#known.get(process) ?? 0));
      programs.set(comm, program);
    }
    this.#known = known;
    return programs;
  }

  #choose(programs: ReadonlyMap<string, Program>): [name: string, program: Program][] {
    const most = (value: (program: Program) => number): [string, Program][] =>
      [...programs].sort(([, a], [, b]) => value(b) - value(a)).slice(0, this.#top);
    const chosen = new Map([...most(({ ticks }) => ticks), ...most(({ residentPages }) => residentPages)]);
    return [...chosen].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Of too many names those go of which no process is left, then those that came first. */
  #forget(programs: ReadonlyMap<string, Program>): void {
    const gone = [...this.#totalTicks.keys()].filter((name) => !programs.has(name));
    for (const name of [...gone, ...this.#totalTicks.keys()]) {
      if (this.#totalTicks.size <= MAX_NAMES) return;
      this.#totalTicks.delete(name);
    }
  }
}
