import type { Delivery } from "../core/metrics/delivery.ts";
import { backoffMs } from "../core/runtime/backoff.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { errorLine } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { Spool } from "../core/runtime/spool.ts";
import type { SpoolEntry, SpoolRecord } from "../core/runtime/spool-record.ts";
import type { DeadLetters } from "./dead-letters/dead-letters.ts";
import type { DeliverySlots } from "./delivery-slots.ts";
import type { OpenSink, Part } from "./sinks/types.ts";

export interface ForwarderOptions {
  readonly sink: Omit<OpenSink, "close">;
  /** Drops what could not be delivered for too long: a receiver may answer 500 to it for ever. */
  readonly spool: Spool;
  /** Beyond this much the spool drops its oldest. */
  readonly maxSpoolBytes: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Bytes of one delivery, before the sink compresses it. */
  readonly maxDeliveryBytes: number;
  /** Shared with the other queues of the sink. */
  readonly slots: DeliverySlots;
  readonly deadLetters: DeadLetters;
}

type Settled = Exclude<Delivery, { outcome: "retry" }>;
type Refused = Extract<Delivery, { outcome: "refused" }>;

const RETRY = { firstMs: 250, longestMs: 30_000 } as const;
/** Refusals in a row, without anything taken in between, after which a chunk is given up whole: each batch would cost hundreds of requests. */
const FRUITLESS = 12;
/** Errors in answer to the same samples after which it is asked whether the receiver takes others. */
const SUSPICIOUS_ERRORS = 3;
/** The part of a spool that fills before its oldest goes. */
const FULL = 0.9;
/** While stopping, one failure does not cost the whole grace period. */
const LONGEST_WAIT_WHILE_STOPPING_MS = 500;

/**
 * Moves what is spooled into a sink: one delivery at a time, so that order is kept, with as many
 * entries in one as fit. Lives from the constructor to `close`.
 */
export class Forwarder {
  /** What became of the samples, and how often a delivery has to be tried again. */
  readonly counts = { delivered: 0, refused: 0, retries: 0 };
  readonly #options: ForwarderOptions;
  readonly #stopping = new AbortController();
  readonly #aborted = new AbortController();
  readonly #ended: Promise<void>;
  #failures = 0;
  /** In a row, that may be about the samples. */
  #suspicions = 0;
  #failing: { readonly sinceMs: number; readonly reason: string } | undefined;
  #hasRefused = false;
  #oldestMs: number | undefined;
  #wake: () => void = () => {};

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  get name(): string {
    return this.#options.sink.name;
  }

  get spool(): Pick<Spool, "length" | "bytes" | "dropped"> {
    return this.#options.spool;
  }

  /** What is offered soon costs the oldest: a spool on disk gives up a part at a time. */
  get isFull(): boolean {
    return this.#options.spool.bytes >= this.#options.maxSpoolBytes * FULL;
  }

  /** Since when, monotonic, every delivery has failed, and the last reason; undefined while all is well. */
  get failing(): { readonly sinceMs: number; readonly reason: string } | undefined {
    return this.#failing;
  }

  /** When the oldest that waits, or is being delivered, was taken in, milliseconds since 1970; undefined when nothing waits. */
  get waitingSinceMs(): number | undefined {
    return this.#options.spool.length === 0 ? undefined : this.#oldestMs;
  }

  /** Resolves when it is as durable as the spool makes it; rejects when the spool cannot keep it. */
  async offer(record: SpoolRecord): Promise<void> {
    await this.#options.spool.append(record);
    this.#wake();
  }

  /** Delivers what is queued, for as long as `graceMs`; then ends, whatever is left. */
  async close(graceMs: number): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    const grace = setTimeout(() => this.#aborted.abort(), graceMs);
    await this.#ended;
    clearTimeout(grace);
    const { spool, log } = this.#options;
    const { length, bytes } = spool;
    await spool.close();
    if (length > 0) log.warn({ sink: this.name, bytes }, "stopped with undelivered samples");
  }

  async #run(): Promise<void> {
    const { spool, maxDeliveryBytes } = this.#options;
    while (!this.#aborted.signal.aborted) {
      const entries = await spool.peek({ maxBytes: maxDeliveryBytes });
      this.#oldestMs = entries[0]?.timeMs;
      if (entries.length > 0) await this.#forward(entries);
      else if (this.#stopping.signal.aborted) return;
      else await this.#arrival();
    }
  }

  /** Resolves when something has been appended, or the forwarder is to stop. */
  #arrival(): Promise<void> {
    if (this.#options.spool.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #forward(entries: readonly SpoolEntry[]): Promise<void> {
    const delivery = await (this.#isSuspicious() ? this.#isolate(entries) : this.#deliver(entries));
    if (delivery.outcome !== "retry") return;
    this.#suspicions = delivery.blame === "samples" ? this.#suspicions + 1 : 0;
    if (this.#aborted.signal.aborted) return;
    this.#noteFailure(delivery.reason);
    await this.#pause(backoffMs(RETRY, this.#failures, delivery.afterMs, Math.random()));
  }

  /**
   * Delivers the entries and takes them off the spool; after "retry" those not delivered are still on
   * it. A refused delivery is halved until the one entry is found that is to blame: receivers refuse
   * a whole request for one bad sample.
   */
  async #deliver(entries: readonly SpoolEntry[]): Promise<Delivery> {
    const [first] = entries;
    const delivery = await this.#send(entries.map(({ body }) => body));
    if (delivery.outcome === "retry" || first === undefined) return delivery;
    if (delivery.outcome === "refused" && entries.length > 1) {
      const half = entries.length >> 1;
      const before = await this.#deliver(entries.slice(0, half));
      return before.outcome === "retry" ? before : this.#deliver(entries.slice(half));
    }
    if (delivery.outcome === "refused") return this.#deliverParts(first, delivery);
    await this.#settle(entries, delivery);
    return delivery;
  }

  /** What cannot be made a request, nor divided, is refused like what the receiver will not have: it costs itself. */
  #send(chunks: readonly Uint8Array[]): Promise<Delivery> {
    const { sink, slots } = this.#options;
    return slots.run(async () => {
      try {
        return await sink.deliver(sink.join(chunks), this.#aborted.signal);
      } catch (error) {
        return { outcome: "refused", reason: `cannot be sent: ${errorLine(error)}` };
      }
    });
  }

  #divide(chunk: Uint8Array): readonly Part[] {
    try {
      return this.#options.sink.divide?.(chunk) ?? [];
    } catch {
      return [];
    }
  }

  /** At the 3rd, 6th, 12th … error: a receiver that is ill is not to be asked more and more. */
  #isSuspicious(): boolean {
    return this.#suspicions > 0 && Number.isInteger(Math.log2(this.#suspicions / SUSPICIOUS_ERRORS));
  }

  /**
   * Some receivers answer 500 to a sample that is too old, for ever. Each entry is sent alone: when
   * others are taken the ones that are not have themselves to blame; when none is, it is an outage.
   */
  async #isolate(entries: readonly SpoolEntry[]): Promise<Delivery> {
    const suspects: { readonly entry: SpoolEntry; readonly refusal: Refused }[] = [];
    let last: Delivery = { outcome: "delivered" };
    let taken: SpoolEntry | undefined;
    for (const entry of entries) {
      last = await this.#send([entry.body]);
      if (last.outcome === "delivered") await this.#bury(entry, last);
      else if (last.outcome === "refused" || last.blame === "samples")
        suspects.push({ entry, refusal: { outcome: "refused", reason: last.reason } });
      else break;
      if (last.outcome === "delivered") taken = entry;
    }
    if (taken === undefined) return last.outcome === "retry" ? last : this.#deliver(entries);
    for (const { entry, refusal } of suspects.filter((one) => one.entry.id < (taken?.id ?? 0))) {
      const delivery = await this.#deliverParts(entry, refusal, true);
      if (delivery.outcome === "retry") await this.#bury(entry, refusal);
    }
    await this.#options.spool.acknowledge(taken.id);
    this.#noteAnswer();
    return { outcome: "delivered" };
  }

  /** One entry that is refused whole: its samples one half after the other. After "retry" it begins anew. */
  async #deliverParts(entry: SpoolEntry, refusal: Refused, isIsolated = false): Promise<Delivery> {
    const waiting: Part[] = [...this.#divide(entry.body)].reverse();
    if (waiting.length === 0) await this.#bury(entry, refusal);
    let refusals = 1;
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      const delivery = await this.#sendPart(part, isIsolated);
      if (delivery.outcome === "retry") return delivery;
      refusals = delivery.outcome === "delivered" ? 0 : refusals + 1;
      const halves = delivery.outcome === "delivered" || refusals > FRUITLESS ? [] : this.#divide(part.body);
      if (halves.length > 0) waiting.push(...[...halves].reverse());
      else await this.#bury(part, delivery);
    }
    await this.#options.spool.acknowledge(entry.id);
    this.#noteAnswer();
    return { outcome: "delivered" };
  }

  /** Where others are taken what is not is refused, whatever it is called. */
  async #sendPart({ body }: Part, isIsolated: boolean): Promise<Delivery> {
    const answer = await this.#send([body]);
    const isBlamed = isIsolated && answer.outcome === "retry" && answer.blame === "samples";
    return isBlamed ? { outcome: "refused", reason: answer.reason } : answer;
  }

  async #settle(entries: readonly SpoolEntry[], delivery: Settled): Promise<void> {
    const samples = entries.reduce((sum, entry) => sum + entry.samples, 0);
    await this.#bury({ samples, body: new Uint8Array(0) }, delivery);
    await this.#options.spool.acknowledge(entries.at(-1)?.id ?? 0);
    this.#noteAnswer();
  }

  /** Counts what is over; what is refused for good becomes a dead letter. */
  async #bury({ samples, body }: Part, delivery: Settled): Promise<void> {
    const { clock, log, deadLetters } = this.#options;
    const { lost, reason } = lossOf(delivery, samples);
    this.counts.refused += lost;
    this.counts.delivered += samples - lost;
    if (lost === 0) this.#hasRefused = false;
    if (lost === 0 || reason === undefined) return;
    if (!this.#hasRefused) log.warn({ sink: this.name, reason }, "sink refuses samples");
    this.#hasRefused = true;
    await deadLetters.add({ sink: this.name, reason, samples: lost, body }, clock.nowMs());
  }

  #noteFailure(reason: string): void {
    const { clock, log } = this.#options;
    this.counts.retries++;
    this.#failures++;
    if (this.#failing === undefined) log.warn({ sink: this.name, reason }, "sink does not take samples");
    this.#failing = { sinceMs: this.#failing?.sinceMs ?? clock.monotonicMs(), reason };
  }

  #noteAnswer(): void {
    if (this.#failing !== undefined) this.#options.log.info({ sink: this.name }, "sink takes samples again");
    this.#failing = undefined;
    this.#failures = 0;
    this.#suspicions = 0;
  }

  /** Ends early when the forwarder is to stop: one more attempt is made at once then. */
  async #pause(ms: number): Promise<void> {
    const { clock } = this.#options;
    if (!this.#stopping.signal.aborted) await clock.sleep(ms, this.#stopping.signal);
    else await clock.sleep(Math.min(ms, LONGEST_WAIT_WHILE_STOPPING_MS), this.#aborted.signal);
  }
}

/** A receiver may take a delivery and leave some of it out. */
function lossOf(delivery: Settled, samples: number): { readonly lost: number; readonly reason?: string } {
  if (delivery.outcome === "refused") return { lost: samples, reason: delivery.reason };
  if (delivery.rejected === undefined) return { lost: 0 };
  return { lost: Math.min(samples, delivery.rejected.samples), reason: delivery.rejected.reason };
}
