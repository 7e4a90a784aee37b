import type { Labels, Sample, Series } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { MachineSeries } from "./identity.ts";
import { SeriesMap } from "./series-map.ts";

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

/** One series as it was last heard of. */
export interface LatestSeries {
  readonly name: string;
  readonly labels: Labels;
  readonly sample: Sample;
}

export interface Machine {
  readonly ip: string;
  /** By our clock, when a sample of it came in: milliseconds since 1970. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Without those that are stale. */
  readonly series: readonly LatestSeries[];
}

interface Entry extends LatestSeries {
  sample: Sample;
  /** Monotonic: a machine's own clock may be wrong, silence is measured by ours. */
  heardMs: number;
}

interface MachineEntry {
  readonly ip: string;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  readonly entries: SeriesMap<Entry>;
}

/** A stored timestamp further ahead than this is a wrong clock, and later samples do not wait for it. */
const FUTURE_MS = 600_000;

/** The latest value of each series of each machine, bounded in every direction. */
export class LatestStore {
  /** Samples that were not stored, by reason. */
  readonly dropped = { late: 0, seriesLimit: 0, machineLimit: 0 };
  /** In the order they were last heard of, the longest silent first. */
  readonly #machines = new Map<string, MachineEntry>();
  readonly #limits: LatestLimits;
  readonly #clock: Clock;
  #seriesCount = 0;

  constructor(limits: LatestLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get machineCount(): number {
    return this.#machines.size;
  }

  get seriesCount(): number {
    return this.#seriesCount;
  }

  store({ machine: ip, series }: MachineSeries): void {
    const machine = this.#hear(ip);
    if (machine === undefined) {
      this.dropped.machineLimit += series.length;
      return;
    }
    const heardMs = this.#clock.monotonicMs();
    for (const one of series) {
      const sample = newest(one.samples);
      if (sample !== undefined) this.#storeSample(machine, one, sample, heardMs);
    }
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

  /** Forgets stale series. Machines stay, with when they were seen, until their place is needed. */
  sweep(): void {
    for (const { entries } of this.#machines.values()) {
      this.#seriesCount -= entries.prune((entry) => this.#isSilent(entry));
    }
  }

  #hear(ip: string): MachineEntry | undefined {
    const nowMs = this.#clock.nowMs();
    const known = this.#machines.get(ip);
    if (known === undefined && !this.#makeRoom()) return undefined;
    const machine = known ?? { ip, firstSeenMs: nowMs, lastSeenMs: nowMs, entries: new SeriesMap() };
    machine.lastSeenMs = nowMs;
    this.#machines.delete(ip);
    this.#machines.set(ip, machine);
    return machine;
  }

  /** The machine that is silent longest gives way, if nothing of it is shown any more. */
  #makeRoom(): boolean {
    if (this.#machines.size < this.#limits.maxMachines) return true;
    const [longestSilent] = this.#machines.values();
    if (longestSilent === undefined || this.#view(longestSilent).series.length > 0) return false;
    this.#seriesCount -= longestSilent.entries.size;
    return this.#machines.delete(longestSilent.ip);
  }

  #storeSample(machine: MachineEntry, series: Series, sample: Sample, heardMs: number): void {
    const entry = machine.entries.find(series);
    if (entry === undefined) {
      this.#add(machine, { name: series.name, labels: series.labels, sample, heardMs });
    } else if (this.#isLate(sample, entry.sample)) {
      this.dropped.late++;
    } else {
      entry.sample = sample;
      entry.heardMs = heardMs;
    }
  }

  #add(machine: MachineEntry, entry: Entry): void {
    const { maxSeriesPerMachine, maxSeries } = this.#limits;
    if (machine.entries.size >= maxSeriesPerMachine || this.#seriesCount >= maxSeries) {
      this.dropped.seriesLimit++;
      return;
    }
    machine.entries.add(entry);
    this.#seriesCount++;
  }

  #isLate(sample: Sample, stored: Sample): boolean {
    if (sample.timestampMs >= stored.timestampMs) return false;
    return stored.timestampMs <= this.#clock.nowMs() + FUTURE_MS;
  }

  #view({ ip, firstSeenMs, lastSeenMs, entries }: MachineEntry): Machine {
    // An ended series is kept until it is swept, so that a late sample does not bring it back.
    const series = [...entries].filter((entry) => !entry.sample.stale && !this.#isSilent(entry));
    return { ip, firstSeenMs, lastSeenMs, series };
  }

  #isSilent(entry: Entry): boolean {
    return this.#clock.monotonicMs() - entry.heardMs > this.#limits.staleAfterMs;
  }
}

function newest(samples: readonly Sample[]): Sample | undefined {
  let latest = samples[0];
  for (const sample of samples) {
    if (latest !== undefined && sample.timestampMs >= latest.timestampMs) latest = sample;
  }
  return latest;
}
