import type { Labels } from "../../core/metrics/series.ts";
import { MEASURES, type Measure } from "../compare/measures.ts";
import { LONGEST_GAP_MS } from "../history/buckets.ts";
import type { Measured } from "../history/reader.ts";
import { MACHINE_INFO } from "../inventory/epoch.ts";
import type { Points, Reading, Shape } from "../shapes.ts";
import { Course } from "./course.ts";

/** The last hour of a machine in figures that people compare machines by. */
export interface Glance {
  /** Labels of the machine: name, host, business, whatever its agent was told to say. */
  readonly labels: Labels;
  /** The latest figure of each measure; undefined where there is none of late. */
  now(measure: string, nowMs: number): number | undefined;
  /** A figure a minute up to now, the oldest first. */
  course(measure: string, nowMs: number): readonly (number | undefined)[];
}

interface Machine {
  identity: Labels;
  told: Labels;
  /** What counters were when this minute's growth began to be counted. */
  baseMs: number;
  base: Map<Shape, number>;
  readonly courses: ReadonlyMap<string, Course>;
}

export const RECENT_STEP_MS = 60_000;

/** Has no label of its own: those it has are its machine's. Whoever does not say who they are has it still. */
const MEMORY = "node_memory_MemTotal_bytes";

const UNNEEDED = "unneeded";
/** The measure a shape belongs to: found out once for all machines. */
const needed = new WeakMap<Shape, Measure | typeof UNNEEDED>();

/** The measures of every machine over the last hour, out of what is pushed: no history has to be read for a list. */
export class Recent {
  readonly #machines = new Map<string, Machine>();

  /** Takes what the latest values took: bounded as they are. */
  observe({ machine: ip, identity, points }: Reading): void {
    const machine = this.#machines.get(ip) ?? newMachine();
    this.#machines.set(ip, machine);
    // One that says less than before is the same machine.
    machine.identity = { ...machine.identity, ...identity };
    machine.told = labelsIn(points) ?? machine.told;
    for (const [atMs, values] of byTime(points)) measure(machine, atMs, values);
  }

  /** What history says of a machine's last hour, where nothing was heard of it here. */
  recall(ip: string, measured: readonly Measured[]): void {
    const machine = this.#machines.get(ip) ?? newMachine();
    this.#machines.set(ip, machine);
    const about = measured.find(({ series }) => series.name === MEMORY);
    if (about !== undefined && Object.keys(machine.told).length === 0) machine.told = about.series.labels;
    for (const one of MEASURES) {
      const { times, values } = one.compute(
        measured.filter(({ series }) => one.needs(series)),
        RECENT_STEP_MS,
      );
      // A window is known by its end, which belongs to it.
      for (const [i, time] of times.entries())
        machine.courses.get(one.name)?.fill(time - 1, values[i] ?? Number.NaN);
    }
  }

  /** When the latest figure of a machine is from. */
  newestMs(ip: string): number {
    const courses = [...(this.#machines.get(ip)?.courses.values() ?? [])];
    return Math.max(Number.NEGATIVE_INFINITY, ...courses.map((course) => course.newestMs));
  }

  glance(ip: string): Glance | undefined {
    const machine = this.#machines.get(ip);
    if (machine === undefined) return undefined;
    return {
      labels: { ...machine.told, ...machine.identity },
      now: (name, nowMs) => machine.courses.get(name)?.latest(nowMs),
      course: (name, nowMs) => machine.courses.get(name)?.upTo(nowMs) ?? [],
    };
  }

  forget(ip: string): void {
    this.#machines.delete(ip);
  }
}

function newMachine(): Machine {
  const courses = new Map(MEASURES.map(({ name }) => [name, new Course(RECENT_STEP_MS)]));
  return { identity: {}, told: {}, baseMs: Number.NEGATIVE_INFINITY, base: new Map(), courses };
}

function labelsIn(points: readonly Points[]): Labels | undefined {
  const about = points.find(({ shape }) => shape.name === MACHINE_INFO);
  return (about ?? points.find(({ shape }) => shape.name === MEMORY))?.shape.labels;
}

/** What is needed of a push, mostly of one time, in order. */
function byTime(points: readonly Points[]): readonly [number, ReadonlyMap<Shape, number>][] {
  const times = new Map<number, Map<Shape, number>>();
  for (const { shape, samples } of points) {
    if (measureOf(shape) === UNNEEDED) continue;
    for (const { timestampMs, value, stale } of samples) {
      if (stale) continue;
      const values = times.get(timestampMs) ?? new Map<Shape, number>();
      times.set(timestampMs, values.set(shape, value));
    }
  }
  return [...times].sort(([a], [b]) => a - b);
}

function measureOf(shape: Shape): Measure | typeof UNNEEDED {
  const known = needed.get(shape);
  if (known !== undefined) return known;
  const found = MEASURES.find((one) => one.needs(shape)) ?? UNNEEDED;
  needed.set(shape, found);
  return found;
}

function measure(machine: Machine, atMs: number, values: ReadonlyMap<Shape, number>): void {
  const sinceMs = atMs - machine.baseMs;
  if (sinceMs <= 0) return;
  const isGap = sinceMs > LONGEST_GAP_MS;
  for (const one of MEASURES) {
    const measured = [...values].flatMap(([shape, value]): readonly Measured[] => {
      if (measureOf(shape) !== one) return [];
      if (!isCounter(shape)) return [{ series: shape, windows: gaugeAt(atMs, value) }];
      const before = isGap ? undefined : machine.base.get(shape);
      return before === undefined ? [] : [{ series: shape, windows: growthAt(atMs, before, value) }];
    });
    const [figure] = measured.length === 0 ? [] : one.compute(measured, sinceMs).values;
    if (figure !== undefined) machine.courses.get(one.name)?.put(atMs, figure);
  }
  rebase(machine, atMs, values);
}

/** Counters that this request does not bring do not count until one brings them again. */
function rebase(machine: Machine, atMs: number, values: ReadonlyMap<Shape, number>): void {
  const counters = [...values].filter(([shape]) => isCounter(shape));
  if (counters.length === 0 || atMs - machine.baseMs < RECENT_STEP_MS) return;
  machine.baseMs = atMs;
  machine.base = new Map(counters);
}

function isCounter({ name }: Shape): boolean {
  return name.endsWith("_total");
}

function gaugeAt(atMs: number, value: number): Measured["windows"] {
  const samples = { times: [atMs], values: [value] };
  return { kind: "gauge", mean: samples, max: samples };
}

/** A counter that is less than before has begun anew. */
function growthAt(atMs: number, before: number, now: number): Measured["windows"] {
  return { kind: "counter", increase: { times: [atMs], values: [now >= before ? now - before : now] } };
}
