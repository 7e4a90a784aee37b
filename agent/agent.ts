import type { Series } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { PlimsollError } from "../core/runtime/errors.ts";
import { packageVersion } from "../core/runtime/version.ts";
import { openHeapCare } from "./heap-care.ts";
import { Inventory } from "./inventory.ts";
import { type Listener, openListener } from "./listener.ts";
import type { AgentLogger } from "./log.ts";
import type { AgentOptions } from "./options.ts";
import { Outlets } from "./outlets.ts";
import { Pipeline, type PipelineParts } from "./pipeline.ts";
import { openSampling, type Sampling } from "./sampling.ts";
import { CpuBudget, ownCpuMs, ownMemoryBytes } from "./self-limits.ts";
import { selfSeries } from "./self-metrics.ts";
import type { Answer } from "./sources/types.ts";
import { TickClock } from "./tick-clock.ts";

/** From the signal to the end: the last sample and what is queued must be out by then. */
const FLUSH_MS = 5000;
const DAY_MS = 86_400_000;
/** An agent that has not sampled for this many intervals, and a little, is not alive. */
const MISSED_INTERVALS = 3;
const GRACE_MS = 5000;

/** Everything that follows from one configuration. */
interface Setup {
  readonly options: AgentOptions;
  readonly sampling: Sampling;
  readonly listener: Listener | undefined;
  readonly budget: CpuBudget;
  /** Sources of the configuration before that are none of this one: their series are still to end. */
  readonly ended: string[];
  /** Of each source, for those who ask. */
  readonly latest: Map<string, Answer>;
}

const NOTHING: PipelineParts = {
  sample: async () => [],
  identity: { labels: async () => undefined },
  outlets: [],
  intervalMs: 1000,
};

/** Samples, pushes and answers, by a configuration that may change meanwhile. */
export class Agent {
  readonly #clock: Clock;
  readonly #log: AgentLogger;
  readonly #usedCpuMs: () => number;
  readonly #ticks: TickClock;
  readonly #outlets: Outlets;
  readonly #pipeline: Pipeline;
  readonly #inventory: Inventory;
  readonly #collectGarbage: () => void = openHeapCare();
  readonly #overMemory = new AbortController();
  #setup: Setup | undefined;
  #changing: Promise<unknown> = Promise.resolve();
  /** How the last change of the configuration went, and when one went well. */
  #changed = { isSuccessful: false, successMs: 0 };
  #sampledMs: number;
  #isWaiting = false;

  /** `usedCpuMs` is the CPU time the agent has used. */
  constructor(clock: Clock, log: AgentLogger, usedCpuMs: () => number = ownCpuMs) {
    this.#usedCpuMs = usedCpuMs;
    this.#clock = clock;
    this.#log = log;
    this.#ticks = new TickClock(clock, log);
    this.#outlets = new Outlets(clock, log);
    const isOn = (): boolean => this.#setup?.options.hasFacts ?? false;
    this.#inventory = new Inventory({ clock, log, isOn });
    this.#sampledMs = clock.monotonicMs();
    this.#pipeline = new Pipeline({ ...NOTHING, clock, ticks: this.#ticks, upkeep: () => this.#upkeep() });
  }

  /** Names of the destinations. */
  get destinations(): readonly string[] {
    return this.#outlets.all.map(({ name }) => name);
  }

  /**
   * Takes on a configuration, the first one or another: destinations that stay the same, their spools and all
   * series go on. Throws where it cannot be, and the one before stays.
   */
  change(read: () => Promise<AgentOptions>): Promise<void> {
    const result = this.#changing.then(() => this.#change(read));
    this.#changing = result.catch(() => {});
    return result;
  }

  /** Until `stop` aborts; what is left is sent then. Throws PlimsollError when it had to end itself. */
  async run(stop: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const deadline = new AbortController();
    for (const signal of [stop, this.#overMemory.signal]) {
      signal.addEventListener("abort", () => ending.abort());
    }
    if (stop.aborted) ending.abort();
    let timer: NodeJS.Timeout | undefined;
    ending.signal.addEventListener("abort", () => {
      timer = setTimeout(() => deadline.abort(), FLUSH_MS);
    });
    const sweeping = setInterval(() => this.#outlets.sweep(), DAY_MS);
    const inventory = this.#inventory.run(ending.signal);
    await this.#pipeline.run(ending.signal);
    await inventory;
    clearInterval(sweeping);
    await this.#changing;
    this.#setup?.listener?.close();
    await this.#outlets.close(deadline.signal);
    clearTimeout(timer);
    await this.#setup?.sampling.files.close();
    this.#log.info(
      { undelivered: this.#outlets.all.map((outlet) => outlet.counts().queueLength) },
      "stopped",
    );
    if (this.#overMemory.signal.aborted) throw this.#overMemory.signal.reason;
  }

  async #change(read: () => Promise<AgentOptions>): Promise<void> {
    this.#changed.isSuccessful = false;
    // All that can go wrong comes first.
    const options = await read();
    const prepared = await this.#outlets.prepare(options);
    const before = this.#setup;
    const sampling = openSampling(options, this.#clock, this.#log, before?.sampling.identity.ip);
    const listener = await this.#listen(options, before);
    const budget = new CpuBudget(options.limits.cpuShare, this.#clock.monotonicMs(), this.#usedCpuMs);
    const ended = [...(before?.ended ?? []), ...(before?.sampling.names ?? [])].filter(
      (name) => !sampling.names.includes(name),
    );
    const setup: Setup = { options, sampling, listener, budget, ended, latest: new Map() };
    this.#log.level = options.logLevel;
    await this.#pipeline.change(async () => {
      await this.#outlets.change(prepared, options);
      this.#setup = setup;
      this.#changed = { isSuccessful: true, successMs: this.#clock.nowMs() };
      const { intervalMs } = options;
      const { identity } = sampling;
      return {
        sample: (nowMs) => this.#sample(setup, nowMs),
        identity,
        outlets: this.#outlets.all,
        intervalMs,
      };
    });
    if (before?.listener !== listener) before?.listener?.close();
    await before?.sampling.files.close();
  }

  /** The one there is, where the address stays the same. */
  async #listen({ listen }: AgentOptions, before: Setup | undefined): Promise<Listener | undefined> {
    if (listen === undefined) return undefined;
    const { host, port } = before?.options.listen ?? {};
    if (host === listen.host && port === listen.port) return before?.listener;
    return openListener(listen, {
      page: () => this.#page(),
      notAlive: () => this.#notAlive(),
      notReady: () => (this.#setup?.sampling.identity.ip === undefined ? "no address yet" : this.#notAlive()),
    });
  }

  async #sample({ sampling, options, ended, latest }: Setup, nowMs: number): Promise<readonly Answer[]> {
    const { sampler, files, identity } = sampling;
    // In one order, whoever has answered first: a request is made after the one before it.
    const none = ended.splice(0).map((source): Answer => ({ source, atMs: nowMs, series: [] }));
    const answers = [...none, ...(await sampler.sample(nowMs))].sort(bySource);
    const state = {
      version: packageVersion(),
      machine: identity.machine(),
      outlets: this.#outlets.all,
      stuck: files.stuck(),
      unaddressedDropped: this.#pipeline.droppedSamples,
      clockJumps: this.#ticks.jumps,
      change: this.#changed,
    };
    answers.push({ source: "agent", atMs: nowMs, series: selfSeries(state, nowMs) });
    answers.push({ source: "facts", atMs: nowMs, series: this.#inventory.series(nowMs) });
    if (options.listen !== undefined) for (const answer of answers) latest.set(answer.source, answer);
    this.#sampledMs = this.#clock.monotonicMs();
    return answers;
  }

  #page(): readonly Series[] {
    return [...(this.#setup?.latest.values() ?? [])].flatMap(({ series }) => series);
  }

  #notAlive(): string | undefined {
    const sinceMs = this.#clock.monotonicMs() - this.#sampledMs;
    const allowedMs = MISSED_INTERVALS * (this.#setup?.options.intervalMs ?? 0) + GRACE_MS;
    return sinceMs > allowedMs ? `no sample for ${Math.round(sinceMs / 1000)} s` : undefined;
  }

  /** After each tick: what the agent itself takes. Returns how long the next tick has to wait for it. */
  #upkeep(): number {
    this.#collectGarbage();
    const { limits } = this.#setup?.options ?? {};
    if (limits === undefined) return 0;
    const ownBytes = ownMemoryBytes() ?? 0;
    if (ownBytes > limits.memoryBytes && !this.#overMemory.signal.aborted) this.#endSelf(ownBytes);
    const debtMs = this.#setup?.budget.debtMs(this.#clock.monotonicMs()) ?? 0;
    const isWaiting = debtMs > 0;
    if (isWaiting && !this.#isWaiting)
      this.#log.warn({ share: limits.cpuShare }, "agent is over its share of CPU time, samples wait");
    this.#isWaiting = isWaiting;
    return debtMs;
  }

  /** Whoever supervises it starts it anew, and the spool has what was not sent. */
  #endSelf(ownBytes: number): void {
    const mebibytes = Math.ceil(ownBytes / 2 ** 20);
    const message = `agent: takes ${mebibytes} MiB, more than maxMemory; ended to be started anew`;
    this.#overMemory.abort(new PlimsollError("OVER_MEMORY", message));
  }
}

function bySource(one: Answer, other: Answer): number {
  if (one.source === other.source) return one.atMs - other.atMs;
  return one.source < other.source ? -1 : 1;
}
