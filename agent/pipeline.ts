import type { Batch, Labels, Series } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { offsetMs, planNextTickMs } from "./schedule.ts";
import type { Answer } from "./sources/types.ts";
import { Staleness } from "./staleness.ts";

export interface PipelineOptions {
  readonly sample: (nowMs: number) => Promise<readonly Answer[]>;
  readonly identity: { labels(): Promise<Labels | undefined> };
  readonly outlets: readonly { offer(batch: Batch): Promise<void> }[];
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Timestamps of samples. */
  readonly ticks: { nowMs(): number };
}

/** Samples kept while there is no address yet: five minutes at the default interval, about 3 MB. */
const PENDING_TICKS = 30;

/** Samples at each tick and hands each batch to every outlet, once it is known whose it is. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #pending: (readonly Answer[])[] = [];
  readonly #staleness = new Staleness();
  #labels: Labels | undefined;
  #droppedSamples = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Samples lost because the machine had no address for too long. */
  get droppedSamples(): number {
    return this.#droppedSamples;
  }

  /** The first sample at once, then one per interval, and a last one when `stop` aborts, which ends every series. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options;
    for (;;) {
      const stopped = stop.aborted;
      const instance = await this.#tick();
      if (stopped) return this.#endSeries();
      await clock.sleep(planNextTickMs(clock.nowMs(), intervalMs, offsetMs(instance, intervalMs)), stop);
    }
  }

  /** Returns the instance, "" before there is one. */
  async #tick(): Promise<string> {
    const { sample, identity, ticks } = this.#options;
    const nowMs = ticks.nowMs();
    this.#pending.push(await sample(nowMs));
    const labels = await identity.labels();
    if (labels === undefined) {
      const surplus = this.#pending.length > PENDING_TICKS ? this.#pending.shift() : undefined;
      for (const { series } of surplus ?? []) this.#droppedSamples += series.length;
      return "";
    }
    // Another identity is another machine's history: the one before ends.
    if (this.#labels?.instance !== labels.instance) await this.#endSeries();
    this.#labels = labels;
    for (const answers of this.#pending.splice(0)) {
      await this.#offer(answers.flatMap((answer) => [...answer.series, ...this.#staleness.follow(answer)]));
    }
    return labels.instance ?? "";
  }

  async #endSeries(): Promise<void> {
    const ended = this.#staleness.end(this.#options.ticks.nowMs());
    if (ended.length > 0) await this.#offer(ended);
  }

  async #offer(series: readonly Series[]): Promise<void> {
    const batch = { identity: this.#labels ?? {}, series };
    await Promise.all(this.#options.outlets.map((outlet) => outlet.offer(batch)));
  }
}
