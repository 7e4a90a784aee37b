import type { MessagePort } from "node:worker_threads";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Container } from "./container.ts";
import { advanceLoad, LOAD_PERIOD_MS } from "./load-average.ts";
import { type LoadMessage, type LoadReading, WATCH_MS, type WatchMessage } from "./load-averages.ts";
import type { TaskCensus } from "./task-census.ts";

/**
 * The main thread's half of the load averages: samples the containers somebody has read in the last
 * minutes, and only those.
 */
export interface LoadSamplerOptions {
  /** The other end of `openLoadAverages`' port. */
  readonly port: MessagePort;
  readonly census: (container: Container) => TaskCensus;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A container nobody has read for so long is no longer sampled. */
const FORGET_MS = 5 * WATCH_MS;
/** More containers than this are not watched: those read longest ago go first. */
const MAX_WATCHED = 4096;
/** What one round may take. What is left over comes first in the next, and takes the steps it missed. */
const ROUND_MS = 200;

interface Sampled {
  readonly container: Container;
  readonly load: LoadReading["load"];
  readonly steppedMs: number;
  readonly watchedMs: number;
}

/** Samples every five seconds until `signal` aborts. */
export async function runLoadSampler({ port, census, clock, signal }: LoadSamplerOptions): Promise<void> {
  const watched = new Map<string, Sampled>();
  port.on("message", (message: WatchMessage) => watch(watched, message, clock.monotonicMs()));
  // Waiting for readers must not keep the process alive.
  port.unref();
  while (!signal.aborted) {
    await clock.sleep(LOAD_PERIOD_MS, signal);
    const found = signal.aborted ? [] : sampleRound(watched, census, clock);
    if (found.length > 0) port.postMessage(found);
  }
  port.close();
}

function watch(watched: Map<string, Sampled>, { container, load }: WatchMessage, now: number): void {
  const known = watched.get(container.key);
  watched.set(container.key, { load, steppedMs: now, ...known, container, watchedMs: now });
  if (watched.size <= MAX_WATCHED) return;
  const [longestAgo] = [...watched].sort(([, a], [, b]) => a.watchedMs - b.watchedMs);
  if (longestAgo !== undefined) watched.delete(longestAgo[0]);
}

/** One round: those sampled go to the end of the map, so that a round cut short goes on where it ended. */
export function sampleRound(
  watched: Map<string, Sampled>,
  census: (container: Container) => TaskCensus,
  clock: Clock,
): LoadMessage {
  const start = clock.monotonicMs();
  const found: { key: string; reading: LoadReading }[] = [];
  for (const [key, entry] of [...watched]) {
    const now = clock.monotonicMs();
    if (now - start > ROUND_MS) break;
    watched.delete(key);
    const counted = now - entry.watchedMs > FORGET_MS ? undefined : census(entry.container);
    if (counted === undefined || counted.threads === 0) continue;
    // Timers are late by a little; a step must not be lost each time.
    const periods = Math.round((now - entry.steppedMs) / LOAD_PERIOD_MS);
    const load = advanceLoad(entry.load, counted.running + counted.blocked, periods);
    watched.set(key, { ...entry, load, steppedMs: entry.steppedMs + periods * LOAD_PERIOD_MS });
    found.push({ key, reading: { load, census: counted } });
  }
  return found;
}
