import type { HostRoot } from "../host-root.ts";
import { endsEarly, type Line, parseFields, parseLines, parseUnsigned } from "../lines.ts";
import { readKernelAttribute } from "../text.ts";

/*
 * cpu  2304 0 1562 146584 231 0 48 8 0 0
 * cpu0 843 0 691 73770 28 0 17 3 0 0
 * intr 188113 0 0 …
 * ctxt 466443
 * btime 1795412661
 * processes 6006
 * procs_running 3
 * procs_blocked 0
 * softirq 81928 0 12498 …
 *
 * Documentation/filesystems/proc.rst, "Miscellaneous kernel statistics in /proc/stat".
 */

/** One `cpu` row in the kernel's order, in USER_HZ ticks. A column an older kernel lacks is 0. */
export interface StatTicks {
  /** Includes `guest`. */
  readonly user: number;
  /** Includes `guestNice`. */
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait: number;
  readonly irq: number;
  readonly softirq: number;
  readonly steal: number;
  readonly guest: number;
  /** `guest_nice` */
  readonly guestNice: number;
}

export interface StatCpu extends StatTicks {
  readonly id: number;
}

export interface Stat {
  /** The `cpu` row. */
  readonly total: StatTicks;
  /** The `cpuN` rows: online CPUs only. */
  readonly cpus: readonly StatCpu[];
  /** First number of `intr`: all interrupts since boot. */
  readonly interrupts?: number;
  /** `ctxt` */
  readonly contextSwitches?: number;
  /** `btime`, seconds since 1970. */
  readonly bootTimeSeconds?: number;
  /** `processes`: forks since boot. */
  readonly processes?: number;
  /** `procs_running` */
  readonly running?: number;
  /** `procs_blocked` */
  readonly blocked?: number;
  /** First number of `softirq`: all soft interrupts since boot. */
  readonly softInterrupts?: number;
}

/** Lines of which the first number is taken, by the kernel's name. Other lines are skipped: kernels add some. */
const SCALARS = {
  intr: "interrupts",
  ctxt: "contextSwitches",
  btime: "bootTimeSeconds",
  processes: "processes",
  procs_running: "running",
  procs_blocked: "blocked",
  softirq: "softInterrupts",
} as const satisfies Record<string, keyof Stat>;

export function parseStat(text: string, path = "stat"): Stat {
  let total: StatTicks | undefined;
  const cpus: StatCpu[] = [];
  const scalars: { [K in (typeof SCALARS)[keyof typeof SCALARS]]?: number } = {};
  const lines = parseLines(text, path);
  for (const line of lines) {
    const name = line.text.slice(0, line.text.indexOf(" "));
    if (name === "cpu") total = parseTicks(line);
    else if (name.startsWith("cpu"))
      cpus.push({ id: parseUnsigned(name.slice(3), line), ...parseTicks(line) });
    else if (isScalar(name))
      scalars[SCALARS[name]] = parseUnsigned(secondField(line.text, name.length + 1), line);
  }
  return { total: total ?? endsEarly(path, lines.length + 1), cpus, ...scalars };
}

export function readStat(root: HostRoot): Stat | undefined {
  const path = root.proc("stat");
  const text = readKernelAttribute(path);
  return text === undefined ? undefined : parseStat(text, path);
}

function isScalar(name: string): name is keyof typeof SCALARS {
  return Object.hasOwn(SCALARS, name);
}

/** `intr` has a number for each of thousands of interrupts on a large machine: do not split what is not used. */
function secondField(text: string, start: number): string {
  const end = text.indexOf(" ", start);
  return text.slice(start, end === -1 ? undefined : end);
}

function parseTicks(line: Line): StatTicks {
  const [, ...columns] = parseFields(line.text);
  const at = (index: number): number => parseUnsigned(columns[index], line);
  const orZero = (index: number): number => (index < columns.length ? at(index) : 0);
  return {
    user: at(0),
    nice: at(1),
    system: at(2),
    idle: at(3),
    iowait: orZero(4),
    irq: orZero(5),
    softirq: orZero(6),
    steal: orZero(7),
    guest: orZero(8),
    guestNice: orZero(9),
  };
}
