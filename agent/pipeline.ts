import type { Batch, Labels, Series } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { unorderedKey } from "./foreign-series.ts";
import { offsetMs, planNextTickMs } from "./schedule.ts";
import type { Answer } from "./sources/types.ts";
import { Staleness } from "./staleness.ts";

/** What a change of the configuration changes. */
export interface PipelineParts {
  readonly sample: (nowMs: number) => Promise<readonly Answer[]>;
  readonly identity: { labels(): Promise<Labels | undefined> };
  readonly outlets: readonly { offer(batch: Batch): Promise<void> }[];
  readonly intervalMs: number;
}

export interface PipelineOptions extends PipelineParts {
  readonly clock: Clock;
  /** Timestamps of samples. */
  readonly ticks: { nowMs(): number };
  /** Called after each tick; the next one is no sooner than it says, in milliseconds. */
  readonly upkeep?: () => number;
}

/** Samples kept while there is no address yet: five minutes at the default interval, about 3 MB. */
const PENDING_TICKS = 30;

/** Samples at each tick and hands each batch to every outlet, once it is known whose it is. */
export class Pipeline {
  readonly #options: PipelineOptions;
  #parts: PipelineParts;
  readonly #pending: (readonly Answer[])[] = [];
  readonly #staleness = new Staleness();
  #labels: Labels | undefined;
  #droppedSamples = 0;
  /** A tick and a change of the parts take turns. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Ends the sleep between two ticks. */
  #wake = new AbortController();

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#parts = options;
  }

  /** Samples lost because the machine had no address for too long. */
  get droppedSamples(): number {
    return this.#droppedSamples;
  }

  /** The first sample at once, then one per interval, and a last one when `stop` aborts, which ends every series. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, upkeep = () => 0 } = this.#options;
    stop.addEventListener("abort", () => this.#wake.abort("stopped"));
    for (;;) {
      const stopped = stop.aborted;
      const instance = await this.#inTurn(() => this.#tick());
      if (stopped) return this.#endSeries();
      const { intervalMs } = this.#parts;
      const untilTickMs = planNextTickMs(clock.nowMs(), intervalMs, offsetMs(instance, intervalMs));
      const waitMs = Math.max(untilTickMs, upkeep());
      this.#wake = new AbortController();
      if (!stop.aborted) await clock.sleep(waitMs, this.#wake.signal);
    }
  }

  /** Goes on with the parts that `make` gives, between two ticks; the next one comes at once. Series go on. */
  async change(make: () => Promise<PipelineParts>): Promise<void> {
    await this.#inTurn(async () => {
      this.#parts = await make();
    });
    this.#wake.abort("changed");
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Returns the instance, "" before there is one. */
  async #tick(): Promise<string> {
    const { sample, identity } = this.#parts;
    const { ticks } = this.#options;
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
      await this.#offer(this.#withEnded(answers));
    }
    return labels.instance ?? "";
  }

  /** A series that goes from one source to another, a page's to one of ours, ends for neither: a time has one value. */
  #withEnded(answers: readonly Answer[]): readonly Series[] {
    const said = answers.flatMap(({ series }) => series);
    const ended = answers.flatMap((answer) => this.#staleness.follow(answer));
    if (ended.length === 0) return said;
    const names = new Set(ended.map(({ name }) => name));
    const moments = new Set(said.filter(({ name }) => names.has(name)).map(momentOf));
    return [...said, ...ended.filter((one) => !moments.has(momentOf(one)))];
  }

  async #endSeries(): Promise<void> {
    const ended = this.#staleness.end(this.#options.ticks.nowMs());
    if (ended.length > 0) await this.#offer(ended);
  }

  async #offer(series: readonly Series[]): Promise<void> {
    const batch = { identity: this.#labels ?? {}, series };
    await Promise.all(this.#parts.outlets.map((outlet) => outlet.offer(batch)));
  }
}

/** Of which series and time the last sample is. */
function momentOf(series: Series): string {
  return `${series.samples.at(-1)?.timestampMs} ${unorderedKey(series)}`;
}
