import type { Series } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { errorLine } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import { isForeign, withoutTaken } from "./foreign-series.ts";
import { gauge, point } from "./metric.ts";
import { Problems } from "./problems.ts";
import { NoData } from "./source-kind.ts";
import type { Answer, Source, SourceContext } from "./sources/types.ts";

const DURATION = gauge("node_scrape_collector_duration_seconds", "Duration of a collector's last sample.");
const SUCCESS = gauge("node_scrape_collector_success", "Whether a collector succeeded.");

/** What has not answered by then is left to the next tick: above the deadline of kernel files, so that those never are. */
const PATIENCE_MS = 1500;

export interface SamplerOptions extends Omit<SourceContext, "nowMs"> {
  readonly sources: readonly Source[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** A source of which there is nothing here: what is not there now is seldom there in ten seconds. */
const NO_DATA_MS = 600_000;

/** A source and how it stands with it. */
interface Asked {
  readonly source: Source;
  lastMs: number;
  waitMs: number;
  /** It has been asked and has not answered. */
  isBusy: boolean;
}

/** Asks all sources at once; one that fails costs its own family, one that is slow nobody's time. */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #asked: readonly Asked[];
  readonly #problems = new Problems();
  #answers: Answer[] = [];
  /** The latest of each source, where there are pages that may say the same. */
  readonly #latest: Map<string, Answer> | undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#latest = options.sources.some(({ name }) => isForeign(name)) ? new Map() : undefined;
    this.#asked = options.sources.map((source) => ({
      source,
      lastMs: Number.NEGATIVE_INFINITY,
      waitMs: 0,
      isBusy: false,
    }));
  }

  /**
   * Asks the sources that are due and gives what has been answered since the last time: all of it under
   * the time at which it was asked, a source's success and duration with it. Never rejects.
   */
  async sample(nowMs: number, patienceMs: number = PATIENCE_MS): Promise<readonly Answer[]> {
    const { clock, load, list, statfs } = this.#options;
    const context = { nowMs, read: onceEach(this.#options.read), load, list, statfs };
    const due = this.#asked.filter((asked) => isDue(asked, nowMs));
    const done = new AbortController();
    const all = Promise.all(due.map((asked) => this.#ask(asked, context)));
    await Promise.race([all, clock.sleep(patienceMs, done.signal)]);
    done.abort("answered"); // With a reason: without one an exception and its stack are made each time.
    return this.#distinct(this.#answers.splice(0));
  }

  #distinct(all: readonly Answer[]): readonly Answer[] {
    if (this.#latest === undefined) return all;
    for (const answer of all) this.#latest.set(answer.source, answer);
    const { answers, taken } = withoutTaken(all, [...this.#latest.values()]);
    if (this.#problems.hasChanged("series of pages", taken) && taken !== undefined)
      this.#options.log.warn({ series: taken }, "a text file or plug-in has a series of the agent's own");
    return answers;
  }

  async #ask(asked: Asked, context: SourceContext): Promise<void> {
    const { source } = asked;
    const { clock } = this.#options;
    asked.isBusy = true;
    asked.lastMs = context.nowMs;
    const startMs = clock.monotonicMs();
    let series: readonly Series[] = [];
    let problem: string | undefined;
    let hasData = true;
    try {
      series = await source.sample(context);
    } catch (error) {
      hasData = !(error instanceof NoData);
      problem = hasData ? errorLine(error) : undefined;
    }
    asked.isBusy = false;
    asked.waitMs = hasData ? (source.intervalMs ?? 0) : NO_DATA_MS;
    this.#report(asked, problem);
    if (hasData && !source.isTarget) {
      const labels = { collector: source.name };
      const seconds = (clock.monotonicMs() - startMs) / 1000;
      series = [
        ...series,
        point(DURATION, labels, seconds, context.nowMs),
        point(SUCCESS, labels, problem === undefined ? 1 : 0, context.nowMs),
      ];
    }
    this.#answers.push({ source: source.name, atMs: context.nowMs, series });
  }

  /** Logs changes only: a source that fails for days is one line. */
  #report(asked: Asked, problem: string | undefined): void {
    const { log } = this.#options;
    const source = asked.source.name;
    if (!this.#problems.hasChanged(source, problem)) return;
    if (problem === undefined) log.info({ source }, "source answers again");
    else log.warn({ source, problem }, "source failed");
  }
}

/** Ticks come a little early or late: a twentieth of the interval is on time. */
function isDue({ lastMs, waitMs, isBusy }: Asked, nowMs: number): boolean {
  if (isBusy) return false;
  // A clock that was set back must not silence a source until it has caught up.
  return nowMs - lastMs >= waitMs * 0.95 || nowMs < lastMs;
}

/** Two sources that read the same file in one tick see the same text, and it is read once. */
function onceEach(read: (path: string) => Promise<string>): (path: string) => Promise<string> {
  const texts = new Map<string, Promise<string>>();
  return (path) => {
    const text = texts.get(path) ?? read(path);
    texts.set(path, text);
    return text;
  };
}
