import { familyName, type Labels, type MetricKind, type Sample } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";
import { LatestTable } from "./latest-table.ts";
import { type Points, type Reading, type Shape, Shapes } from "./shapes.ts";

export interface LatestLimits {
  /** A series not heard of for this long is no longer shown. */
  readonly staleAfterMs: number;
  readonly maxMachines: number;
  readonly maxSeriesPerMachine: number;
  /** Over all machines: what bounds memory. */
  readonly maxSeries: number;
}

export const DEFAULT_LATEST_LIMITS: LatestLimits = {
  staleAfterMs: 300_000,
  maxMachines: 10_000,
  maxSeriesPerMachine: 5_000,
  maxSeries: 1_000_000,
};

/** What became of a reading. */
export interface Stored {
  /** What is new in it, each series in the order of its times: what receivers take that refuse a whole request for one sample out of order. */
  readonly fresh: readonly Points[];
  /** Without the series that are too many. */
  readonly kept: readonly Points[];
}

/** One series of a machine as it was last heard of. */
export interface LatestSeries {
  readonly shape: Shape;
  readonly sample: Sample;
}

export interface Machine {
  readonly ip: string;
  /** By our clock, when a sample of it came in: milliseconds since 1970. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** The labels all its series share: instance, ip, hostname. */
  readonly identity: Labels;
  /** Without those that are stale. */
  series(): Generator<LatestSeries>;
}

export interface LatestValue {
  readonly shape: Shape;
  /** The same object for all series of a machine. */
  readonly identity: Labels;
  readonly value: number;
  readonly timestampMs: number;
}

/** One metric family over all machines. */
export interface LatestFamily {
  readonly name: string;
  /** Value by value, in no order. */
  members(): Generator<LatestValue>;
}

interface MachineEntry {
  readonly ip: string;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  identity: Labels;
  readonly table: LatestTable;
  /** When it was last told, monotonic, that it has too many series. */
  toldMs?: number;
}

/** That a machine has too many series is told this often, and of any machine this often. */
const TELL_MACHINE_MS = 3_600_000;
const TELL_MS = 1_000;
/** A stored timestamp further ahead than this is a wrong clock, and later samples do not wait for it. */
const FUTURE_MS = 600_000;

/** The latest value of each series of each machine, bounded in every direction. */
export class LatestStore {
  /** What series are told apart by: kept for as long as a machine has one of them. */
  readonly shapes: Shapes;
  /** Samples that were not stored, by reason. */
  readonly dropped = { late: 0, seriesLimit: 0, machineLimit: 0 };
  /** Samples not newer than those before, or of the future: no sink gets them. */
  unforwarded = 0;
  /** In the order they were last heard of, the longest silent first. */
  readonly #machines = new Map<string, MachineEntry>();
  /** Who has a series of this shape: a family is shown without asking every machine for it. */
  readonly #holders = new Map<Shape, MachineEntry[]>();
  readonly #limits: LatestLimits;
  readonly #clock: Clock;
  readonly #log: Pick<Logger, "warn"> | undefined;
  #seriesCount = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(limits: LatestLimits, clock: Clock, log?: Pick<Logger, "warn">) {
    this.shapes = new Shapes(limits.maxSeries);
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
  }

  get machineCount(): number {
    return this.#machines.size;
  }

  get seriesCount(): number {
    return this.#seriesCount;
  }

  /** With `isAgain` what was stored before is new once more: it did not get to everybody. */
  store({ machine: ip, identity, points }: Reading, isAgain = false): Stored {
    const machine = this.#hear(ip, identity);
    if (machine === undefined) {
      this.dropped.machineLimit += points.length;
      return { fresh: points.flatMap((one) => this.#freshOf(one) ?? []), kept: points };
    }
    const heardMs = this.#clock.monotonicMs();
    const { seriesLimit } = this.dropped;
    const fresh = points.flatMap((one) => this.#storeSamples(machine, one, heardMs, isAgain) ?? []);
    if (this.dropped.seriesLimit === seriesLimit) return { fresh, kept: points };
    this.#tell(machine, this.dropped.seriesLimit - seriesLimit, heardMs);
    return { fresh, kept: points.filter(({ shape }) => machine.table.has(shape)) };
  }

  /** The machine with its series that are not stale; undefined when it has never been heard of. */
  machine(ip: string): Machine | undefined {
    const machine = this.#machines.get(ip);
    return machine === undefined ? undefined : this.#view(machine);
  }

  /** Every machine, the longest silent first. */
  *machines(): Generator<Machine> {
    for (const machine of this.#machines.values()) yield this.#view(machine);
  }

  /** Every family with its values, sorted by name; `kindOf` tells what is known of a series' family. */
  families(kindOf: (seriesName: string) => MetricKind): readonly LatestFamily[] {
    const families = new Map<string, Shape[]>();
    for (const shape of this.#holders.keys()) {
      const name = familyName(shape.name, kindOf(shape.name));
      const members = families.get(name);
      if (members === undefined) families.set(name, [shape]);
      else members.push(shape);
    }
    return [...families]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, shapes]) => ({ name, members: () => this.#values(shapes) }));
  }

  /** Forgets a machine: its address belongs to another one now. */
  forget(ip: string): void {
    const machine = this.#machines.get(ip);
    if (machine === undefined) return;
    this.#machines.delete(ip);
    this.#release(
      new Map(machine.table.prune(Number.POSITIVE_INFINITY).map((shape) => [shape, new Set([machine])])),
    );
  }

  /** Forgets stale series. Machines stay, with when they were seen, until their place is needed. */
  sweep(): void {
    const sinceMs = this.#heardSinceMs();
    const gone = new Map<Shape, Set<MachineEntry>>();
    for (const machine of this.#machines.values()) {
      for (const shape of machine.table.prune(sinceMs)) {
        gone.set(shape, (gone.get(shape) ?? new Set()).add(machine));
      }
    }
    this.#release(gone);
    this.shapes.sweep((shape) => this.#holders.has(shape));
  }

  *#values(shapes: readonly Shape[]): ReturnType<LatestFamily["members"]> {
    const sinceMs = this.#heardSinceMs();
    for (const shape of shapes) {
      for (const { table, identity } of this.#holders.get(shape) ?? []) {
        const value = table.valueSince(shape, sinceMs);
        if (value === undefined) continue;
        yield { shape, identity, value, timestampMs: table.timestampMs(shape) ?? 0 };
      }
    }
  }

  #hear(ip: string, identity: Labels): MachineEntry | undefined {
    const nowMs = this.#clock.nowMs();
    const known = this.#machines.get(ip);
    if (known === undefined && !this.#makeRoom()) return undefined;
    const machine = known ?? {
      ip,
      firstSeenMs: nowMs,
      lastSeenMs: nowMs,
      identity,
      table: new LatestTable(),
    };
    machine.lastSeenMs = nowMs;
    if (!isPart(identity, machine.identity)) machine.identity = { ...machine.identity, ...identity };
    this.#machines.delete(ip);
    this.#machines.set(ip, machine);
    return machine;
  }

  /** The machine that is silent longest gives way, if nothing of it is shown any more. */
  #makeRoom(): boolean {
    if (this.#machines.size < this.#limits.maxMachines) return true;
    const [longestSilent] = this.#machines.values();
    if (longestSilent === undefined || !this.#view(longestSilent).series().next().done) return false;
    this.forget(longestSilent.ip);
    return true;
  }

  #storeSamples(
    machine: MachineEntry,
    points: Points,
    heardMs: number,
    isAgain: boolean,
  ): Points | undefined {
    const { shape, samples } = points;
    const sample = newest(samples);
    if (sample === undefined) return undefined;
    const storedMs = machine.table.timestampMs(shape);
    if (storedMs === undefined && !this.#admit(machine, shape)) {
      this.dropped.seriesLimit++;
      return undefined;
    }
    if (storedMs !== undefined && this.#isLate(sample.timestampMs, storedMs)) this.dropped.late++;
    else machine.table.put(shape, sample, heardMs);
    return this.#freshOf(points, isAgain ? undefined : storedMs);
  }

  /** After what was stored, unless that was in the future; nothing of the future itself. */
  #freshOf(points: Points, storedMs = Number.NEGATIVE_INFINITY): Points | undefined {
    const limitMs = this.#clock.nowMs() + FUTURE_MS;
    const sinceMs = storedMs > limitMs ? Number.NEGATIVE_INFINITY : storedMs;
    const [first] = points.samples;
    const isFresh = ({ timestampMs }: Sample): boolean => timestampMs > sinceMs && timestampMs <= limitMs;
    if (points.samples.length === 1 && first !== undefined && isFresh(first)) return points;
    const samples = ascending(points.samples.filter(isFresh));
    this.unforwarded += points.samples.length - samples.length;
    return samples.length === 0 ? undefined : { shape: points.shape, samples };
  }

  #tell(machine: MachineEntry, dropped: number, nowMs: number): void {
    if (nowMs - (machine.toldMs ?? Number.NEGATIVE_INFINITY) < TELL_MACHINE_MS) return;
    if (nowMs - this.#toldMs < TELL_MS) return;
    machine.toldMs = this.#toldMs = nowMs;
    const { ip, table } = machine;
    this.#log?.warn({ ip, dropped, series: table.size }, "machine has too many series");
  }

  #admit(machine: MachineEntry, shape: Shape): boolean {
    const { maxSeriesPerMachine, maxSeries } = this.#limits;
    if (machine.table.size >= maxSeriesPerMachine || this.#seriesCount >= maxSeries) return false;
    this.#seriesCount++;
    const holders = this.#holders.get(shape);
    if (holders === undefined) this.#holders.set(shape, [machine]);
    else holders.push(machine);
    return true;
  }

  #release(gone: ReadonlyMap<Shape, ReadonlySet<MachineEntry>>): void {
    for (const [shape, machines] of gone) {
      this.#seriesCount -= machines.size;
      const left = this.#holders.get(shape)?.filter((holder) => !machines.has(holder)) ?? [];
      if (left.length > 0) this.#holders.set(shape, left);
      else this.#holders.delete(shape);
    }
  }

  #isLate(timestampMs: number, storedMs: number): boolean {
    return timestampMs < storedMs && storedMs <= this.#clock.nowMs() + FUTURE_MS;
  }

  #heardSinceMs(): number {
    return this.#clock.monotonicMs() - this.#limits.staleAfterMs;
  }

  #view({ ip, firstSeenMs, lastSeenMs, identity, table }: MachineEntry): Machine {
    const sinceMs = this.#heardSinceMs();
    return { ip, firstSeenMs, lastSeenMs, identity, series: () => shown(table, sinceMs) };
  }
}

/** An ended series is kept until it is swept, so that a late sample does not bring it back; it is not shown. */
function* shown(table: LatestTable, sinceMs: number): Generator<LatestSeries> {
  for (const shape of table.shapes()) {
    const found = table.find(shape);
    if (found !== undefined && !found.sample.stale && found.heardMs >= sinceMs) {
      yield { shape, sample: found.sample };
    }
  }
}

function isPart(labels: Labels, whole: Labels): boolean {
  for (const name in labels) if (labels[name] !== whole[name]) return false;
  return true;
}

/** Each time once, the last that was said of it. */
function ascending(samples: readonly Sample[]): readonly Sample[] {
  const byTime = new Map(samples.map((sample) => [sample.timestampMs, sample]));
  return [...byTime.values()].sort((a, b) => a.timestampMs - b.timestampMs);
}

function newest(samples: readonly Sample[]): Sample | undefined {
  let latest = samples[0];
  for (const sample of samples) {
    if (latest !== undefined && sample.timestampMs >= latest.timestampMs) latest = sample;
  }
  return latest;
}
