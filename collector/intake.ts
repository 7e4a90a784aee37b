import type { Batch } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { Forwarder } from "./forwarder.ts";
import { divideByMachine } from "./identity.ts";
import type { Ingested } from "./ingests/types.ts";
import type { LatestStore } from "./latest.ts";
import type { SinkKind } from "./sinks/types.ts";

export interface Forwarding {
  readonly kind: SinkKind;
  readonly forwarder: Forwarder;
}

/** Where every protocol's requests meet: identity, the latest values, every sink's queue. */
export class Intake {
  /** Samples taken in. */
  samples = 0;
  /** What was understood but not kept (exemplars, native histograms), by what it is. */
  readonly skipped: Map<string, number> = new Map();
  readonly #latest: LatestStore;
  readonly #catalog: Catalog;
  readonly #forwardings: readonly Forwarding[];
  readonly #clock: Clock;

  constructor(latest: LatestStore, catalog: Catalog, forwardings: readonly Forwarding[], clock: Clock) {
    this.#latest = latest;
    this.#catalog = catalog;
    this.#forwardings = forwardings;
    this.#clock = clock;
  }

  /**
   * Every queue is full: the senders are to keep what they have. One sink that hangs does not hold up
   * the others; its own queue then drops its oldest, and counts.
   */
  get isFull(): boolean {
    return this.#forwardings.length > 0 && this.#forwardings.every(({ forwarder }) => forwarder.queue.isFull);
  }

  /**
   * Takes a whole request; resolves when it may be acknowledged. Throws DecodeError, having kept
   * nothing, when a series belongs to no machine. `peer` is the address it came from: what it may
   * speak for is to be decided here.
   */
  async accept(ingested: Ingested, _peer: string): Promise<void> {
    const machines = divideByMachine(ingested.series);
    this.#catalog.learn(ingested.families);
    for (const machine of machines) this.#latest.store(machine);
    for (const [what, count] of Object.entries(ingested.skipped)) {
      if (count > 0) this.skipped.set(what, (this.skipped.get(what) ?? 0) + count);
    }
    const samples = ingested.series.reduce((sum, { samples: { length } }) => sum + length, 0);
    this.samples += samples;
    await this.#forward(
      machines.map(({ series }) => ({ identity: {}, series })),
      ingested,
      samples,
    );
  }

  async #forward(batches: readonly Batch[], { families }: Ingested, samples: number): Promise<void> {
    const bodies = new Map<SinkKind, Uint8Array>();
    const receivedMs = this.#clock.nowMs();
    for (const { kind, forwarder } of this.#forwardings) {
      const body = bodies.get(kind) ?? kind.encode(batches, families);
      bodies.set(kind, body);
      if (body.length > 0) await forwarder.offer({ body, samples, receivedMs });
    }
  }
}
