import type { Clock } from "../../core/runtime/clock.ts";
import { type Notebook, openNotebook } from "../succession/notebook.ts";
import { RememberedMap } from "../succession/remembered-map.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { Container } from "./container.ts";
import { advanceLoad, type FixedLoad, LOAD_PERIOD_MS, seedLoad } from "./load-average.ts";
import type { TaskCensus } from "./task-census.ts";

/**
 * The load of containers, as the thread that serves readers sees it. Averages have to be sampled while
 * nobody reads, and this thread sleeps in read(2) then: so a container is *watched* when it is first read, the main
 * thread samples those (load-sampler.ts), and what it found waits in a channel until the next read.
 * Without a channel, or when the other side is late, a read samples for itself.
 */
export interface LoadAverages {
  /** `ageSeconds` is asked for a container that was not read before. */
  read(container: Container, ageSeconds: () => number): LoadReading;
}

export interface LoadReading {
  readonly load: FixedLoad;
  readonly census: TaskCensus;
}

/** Serving thread → sampler: this container was read. `load` is where its averages stand. */
export interface WatchMessage {
  readonly container: Container;
  readonly load: FixedLoad;
}

/** Sampler → serving thread: what one round of samples found. */
export type LoadMessage = readonly { readonly key: string; readonly reading: LoadReading }[];

/** The serving thread's end of the way to the sampler. It has no event loop: it sends, and looks what has come. */
export interface LoadChannel {
  send(message: WatchMessage): void;
  /** The next message that waits, undefined when there is none. */
  poll(): LoadMessage | undefined;
}

export interface LoadAveragesOptions {
  readonly census: (container: Container) => TaskCensus;
  readonly clock: Clock;
  readonly channel?: LoadChannel | undefined;
  /** A successor goes on from there: `clock` has to count from the same moment then. */
  readonly notebook?: Notebook | undefined;
  /** Whether the container of that key still runs. */
  readonly isCurrent?: (key: string) => boolean;
}

/** A container still read is watched anew after this; the sampler forgets it after a multiple. */
export const WATCH_MS = 60_000;

const REMEMBERED_CONTAINERS = 4096;
/** Rounds of the sampler that may be missing before a read samples for itself. */
const LATE_ROUNDS = 3;
/** A container of so few tasks is counted at each read, so that the running tasks are those of this moment … */
const FRESH_TASKS = 64;
/** … but not more often than this. */
const FRESH_MS = 100;

interface Watched {
  readonly reading: LoadReading;
  /** When the averages last took a step, and when the tasks were last counted. */
  readonly steppedMs: number;
  readonly countedMs: number;
  readonly watchedMs: number;
}

/** What of it a successor goes on from. */
type Kept = Pick<Watched, "steppedMs"> & Pick<LoadReading, "load">;

export function openLoadAverages(options: LoadAveragesOptions): LoadAverages {
  const { census, clock, channel, notebook = openNotebook(), isCurrent = () => true } = options;
  const watched = new BoundedMap<string, Watched>(REMEMBERED_CONTAINERS, { isCurrent });
  const kept = new RememberedMap<Kept>(notebook, "load", REMEMBERED_CONTAINERS, isCurrent);
  const lateMs = channel === undefined ? LOAD_PERIOD_MS : LATE_ROUNDS * LOAD_PERIOD_MS;

  function read(container: Container, ageSeconds: () => number): LoadReading {
    const now = clock.monotonicMs();
    receive(now);
    const before = watched.get(container.key) ?? begin(container, ageSeconds, now);
    const after = watch(container, recount(container, step(container, before, now), now), now);
    watched.set(container.key, after);
    keep(container, after);
    return after.reading;
  }

  function receive(now: number): void {
    for (let message = channel?.poll(); message !== undefined; message = channel?.poll()) {
      for (const { key, reading } of message) {
        const entry = watched.get(key);
        if (entry !== undefined) watched.set(key, { ...entry, reading, steppedMs: now, countedMs: now });
      }
    }
  }

  function keep({ key }: Container, { reading, steppedMs }: Watched): void {
    if (kept.get(key)?.steppedMs !== steppedMs) kept.set(key, { load: reading.load, steppedMs });
  }

  function begin(container: Container, ageSeconds: () => number, now: number): Watched {
    const counted = census(container);
    const before = kept.get(container.key);
    const load = before?.load ?? seedLoad(counted.running + counted.blocked, ageSeconds());
    return {
      reading: { load, census: counted },
      steppedMs: before?.steppedMs ?? now,
      countedMs: now,
      watchedMs: Number.NEGATIVE_INFINITY,
    };
  }

  function step(container: Container, entry: Watched, now: number): Watched {
    if (now - entry.steppedMs < lateMs) return entry;
    const periods = Math.floor((now - entry.steppedMs) / LOAD_PERIOD_MS);
    const counted = census(container);
    const load = advanceLoad(entry.reading.load, counted.running + counted.blocked, periods);
    return {
      ...entry,
      reading: { load, census: counted },
      steppedMs: entry.steppedMs + periods * LOAD_PERIOD_MS,
      countedMs: now,
    };
  }

  function recount(container: Container, entry: Watched, now: number): Watched {
    const { reading, countedMs } = entry;
    if (now - countedMs < FRESH_MS || reading.census.threads > FRESH_TASKS) return entry;
    return { ...entry, reading: { ...reading, census: census(container) }, countedMs: now };
  }

  function watch(container: Container, entry: Watched, now: number): Watched {
    if (channel === undefined || now - entry.watchedMs < WATCH_MS) return entry;
    channel.send({ container, load: entry.reading.load });
    return { ...entry, watchedMs: now };
  }

  return { read };
}
