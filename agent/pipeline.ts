import type { Labels, Series } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { offsetMs, planNextTickMs } from "./schedule.ts";

export interface PipelineOptions {
  readonly sample: (nowMs: number) => Promise<readonly Series[]>;
  readonly identity: { labels(): Promise<Labels | undefined> };
  readonly outlets: readonly {
    offer(batch: { identity: Labels; series: readonly Series[] }): Promise<void>;
  }[];
  readonly intervalMs: number;
  readonly clock: Clock;
}

/** Samples kept while there is no address yet: five minutes at the default interval, about 3 MB. */
const PENDING_TICKS = 30;

/** Samples at each tick and hands each batch to every outlet, once it is known whose it is. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #pending: (readonly Series[])[] = [];
  #droppedSamples = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Samples lost because the machine had no address for too long. */
  get droppedSamples(): number {
    return this.#droppedSamples;
  }

  /** The first sample at once, then one per interval, and a last one when `stop` aborts. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options;
    for (;;) {
      const stopped = stop.aborted;
      const instance = await this.#tick();
      if (stopped) return;
      await clock.sleep(planNextTickMs(clock.nowMs(), intervalMs, offsetMs(instance, intervalMs)), stop);
    }
  }

  /** Returns the instance, "" before there is one. */
  async #tick(): Promise<string> {
    const { sample, identity, outlets, clock } = this.#options;
    this.#pending.push(await sample(clock.nowMs()));
    const labels = await identity.labels();
    if (labels === undefined) {
      const surplus = this.#pending.length > PENDING_TICKS ? this.#pending.shift() : undefined;
      this.#droppedSamples += surplus?.length ?? 0;
      return "";
    }
    for (const series of this.#pending.splice(0)) {
      await Promise.all(outlets.map((outlet) => outlet.offer({ identity: labels, series })));
    }
    return labels.instance ?? "";
  }
}
