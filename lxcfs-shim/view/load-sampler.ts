import type { Clock } from "../../core/runtime/clock.ts";
import type { Container } from "./container.ts";
import { advanceLoad, type FixedLoad, LOAD_PERIOD_MS } from "./load-average.ts";
import { type LoadMessage, type LoadReading, WATCH_MS, type WatchMessage } from "./load-averages.ts";
import type { TaskCensus } from "./task-census.ts";

/**
 * The main thread's half of the load averages: samples the containers somebody has read in the last
 * minutes, and only those.
 */
export interface LoadSampler {
  /** A message of the serving thread's channel. */
  watch(message: WatchMessage): void;
  /** Samples once, and sends what it found. */
  sample(): void;
  /** Samples every five seconds until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface LoadSamplerOptions {
  readonly census: (container: Container) => TaskCensus;
  readonly clock: Clock;
  /** To the serving thread's channel. */
  readonly send: (message: LoadMessage) => void;
}

/** A container nobody has read for so long is no longer sampled. */
const FORGET_MS = 5 * WATCH_MS;
/** More containers than this are not watched: those read longest ago go first. */
const MAX_WATCHED = 4096;
/** What one round may take. What is left over comes first in the next, and takes the steps it missed. */
const ROUND_MS = 200;

interface Sampled {
  readonly container: Container;
  readonly load: FixedLoad;
  readonly steppedMs: number;
  readonly watchedMs: number;
}

export function openLoadSampler({ census, clock, send }: LoadSamplerOptions): LoadSampler {
  const watched = new Map<string, Sampled>();

  function watch({ container, load }: WatchMessage): void {
    const now = clock.monotonicMs();
    const known = watched.get(container.key);
    watched.set(container.key, { load, steppedMs: now, ...known, container, watchedMs: now });
    if (watched.size <= MAX_WATCHED) return;
    const [longestAgo] = [...watched].sort(([, a], [, b]) => a.watchedMs - b.watchedMs);
    if (longestAgo !== undefined) watched.delete(longestAgo[0]);
  }

  function sample(): void {
    const start = clock.monotonicMs();
    const found: { key: string; reading: LoadReading }[] = [];
    for (const [key, entry] of [...watched]) {
      const now = clock.monotonicMs();
      if (now - start > ROUND_MS) break;
      const sampled = sampleOne(entry, now);
      // To the end of the map: a round cut short is taken up where it ended.
      watched.delete(key);
      if (sampled === undefined) continue;
      watched.set(key, sampled.entry);
      found.push({ key, reading: { load: sampled.entry.load, census: sampled.counted } });
    }
    if (found.length > 0) send(found);
  }

  function sampleOne(entry: Sampled, now: number): { entry: Sampled; counted: TaskCensus } | undefined {
    if (now - entry.watchedMs > FORGET_MS) return undefined;
    const counted = census(entry.container);
    if (counted.threads === 0) return undefined;
    // Timers are late by a little: rounding down would lose a step now and then.
    const periods = Math.round((now - entry.steppedMs) / LOAD_PERIOD_MS);
    const load = advanceLoad(entry.load, counted.running + counted.blocked, periods);
    return { entry: { ...entry, load, steppedMs: entry.steppedMs + periods * LOAD_PERIOD_MS }, counted };
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(LOAD_PERIOD_MS, signal);
      if (!signal.aborted) sample();
    }
  }

  return { watch, sample, run };
}
