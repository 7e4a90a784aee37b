import { openHostRoot } from "../core/kernel/host-root.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { environmentVariable } from "../core/runtime/config.ts";
import type { Logger } from "../core/runtime/log.ts";
import { HangGuard } from "./hang-guard.ts";
import { IDENTITY_FILE, Identity } from "./identity.ts";
import { KernelFiles, type Lanes } from "./kernel-files.ts";
import type { AgentOptions } from "./options.ts";
import { Sampler } from "./sampler.ts";
import type { ScrapeOptions } from "./scrape/options.ts";
import type { ScrapeTarget } from "./scrape/target.ts";
import type { Surroundings } from "./source-kind.ts";
import type { Source } from "./sources/types.ts";

/** Far above what the kernel takes, far below an interval. */
const DEADLINE_MS = 1000;

/** Threads that hung files may never take: name look-ups and the spool need some. */
const SPARE_THREADS = 2;
/** libuv's own default. */
const DEFAULT_THREADS = 4;

/** Everything that is asked at a tick. */
export interface Sampling {
  readonly sampler: Sampler;
  /** Of its sources. */
  readonly names: readonly string[];
  readonly identity: Identity;
  readonly files: KernelFiles;
}

/** `known` is the address so far, of the sampling that this one takes the place of. */
export function openSampling(options: AgentOptions, clock: Clock, log: Logger, known?: string): Sampling {
  const files = new KernelFiles(openLanes(clock), clock);
  const read = (path: string): Promise<string> => files.read(path);
  const { ip, labels } = options;
  const identity = new Identity({ ip, labels, file: IDENTITY_FILE, known, read, log });
  const surroundings: Surroundings = { root: openHostRoot(), log, identity: () => identity.labels() };
  const sources = options.sources.map(({ kind, values, intervalMs }) => ({
    name: kind.name,
    intervalMs,
    sample: kind.open(values, surroundings),
  }));
  const targets = options.scrapes.map((scrape) => openTarget(scrape, options.intervalMs, surroundings));
  const all = [...sources, ...targets];
  const sampler = new Sampler({
    sources: all,
    read,
    load: (path) => files.load(path),
    list: (path) => files.list(path),
    statfs: (path, waitsFor) => files.statfs(path, waitsFor),
    clock,
    log,
  });
  return { sampler, names: all.map(({ name }) => name), identity, files };
}

/** What scraping needs is loaded by those who scrape. */
function openTarget(
  options: ScrapeOptions,
  intervalMs: number,
  { identity, log }: Pick<Surroundings, "identity" | "log">,
): Source {
  let opened: Promise<ScrapeTarget> | undefined;
  const { job, url } = options;
  return {
    name: `scrape ${job} ${url.href}`,
    intervalMs: options.intervalMs,
    isTarget: true,
    sample: async ({ nowMs }) => {
      opened ??= import("./scrape/target.ts").then(
        (module) => new module.ScrapeTarget({ options, identity, log, intervalMs }),
      );
      return (await opened).scrape(nowMs);
    },
  };
}

/** Half of the threads that can be had for each, and at least one. */
export function openLanes(clock: Clock): Lanes {
  const given = Number(environmentVariable("UV_THREADPOOL_SIZE") ?? DEFAULT_THREADS);
  const threads = Number.isInteger(given) ? given : DEFAULT_THREADS;
  const slots = Math.max(1, Math.floor((threads - SPARE_THREADS) / 2));
  const open = (): HangGuard => new HangGuard({ clock, slots, deadlineMs: DEADLINE_MS });
  return { kernel: open(), mounts: open() };
}
