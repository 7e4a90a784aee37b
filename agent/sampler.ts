import type { Series } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { errorLine } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import { gauge, point } from "./metric.ts";
import type { FileSystemSpace, Source } from "./sources/types.ts";

const DURATION = gauge("node_scrape_collector_duration_seconds", "Duration of a collector's last sample.");
const SUCCESS = gauge("node_scrape_collector_success", "Whether a collector succeeded.");

export interface SamplerOptions {
  readonly sources: readonly Source[];
  readonly read: (path: string) => Promise<string>;
  readonly statfs: (path: string) => Promise<FileSystemSpace>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Asks all sources at once; one that fails costs its own family. */
export class Sampler {
  readonly #options: SamplerOptions;
  /** Source → why it failed last time. */
  readonly #failures = new Map<string, string>();

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** Every series at `nowMs`, each source's success and duration among them. Never rejects. */
  async sample(nowMs: number): Promise<readonly Series[]> {
    const read = onceEach(this.#options.read);
    const { sources, statfs } = this.#options;
    const pages = await Promise.all(sources.map((source) => this.#ask(source, { nowMs, read, statfs })));
    return pages.flat();
  }

  async #ask(source: Source, context: Parameters<Source["sample"]>[0]): Promise<readonly Series[]> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    let series: readonly Series[] = [];
    let problem: string | undefined;
    try {
      series = await source.sample(context);
    } catch (error) {
      problem = errorLine(error);
    }
    this.#report(source.name, problem);
    const labels = { collector: source.name };
    const seconds = (clock.monotonicMs() - startMs) / 1000;
    return [
      ...series,
      point(DURATION, labels, seconds, context.nowMs),
      point(SUCCESS, labels, problem === undefined ? 1 : 0, context.nowMs),
    ];
  }

  /** Logs changes only: a source that fails for days is one line. */
  #report(source: string, problem: string | undefined): void {
    if (problem === this.#failures.get(source)) return;
    if (problem === undefined) {
      this.#failures.delete(source);
      this.#options.log.info({ source }, "source answers again");
    } else {
      this.#failures.set(source, problem);
      this.#options.log.warn({ source, problem }, "source failed");
    }
  }
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
