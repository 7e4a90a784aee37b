import type { Batch } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { Forwarder } from "./forwarder.ts";
import { Refusal } from "./http/route.ts";
import { divideByMachine, type MachineSeries } from "./identity.ts";
import type { Ingested } from "./ingests/types.ts";
import type { LatestStore } from "./latest.ts";
import type { SinkKind } from "./sinks/types.ts";
import type { Sender, Trust } from "./trust/trust.ts";

export interface Forwarding {
  readonly kind: SinkKind;
  readonly forwarder: Forwarder;
}

export interface IntakeOptions {
  readonly latest: LatestStore;
  readonly catalog: Catalog;
  readonly forwardings: readonly Forwarding[];
  readonly trust: Trust;
  readonly clock: Clock;
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
  readonly #trust: Trust;
  readonly #clock: Clock;

  constructor(options: IntakeOptions) {
    const { latest, catalog, forwardings, trust, clock } = options;
    this.#latest = latest;
    this.#catalog = catalog;
    this.#forwardings = forwardings;
    this.#trust = trust;
    this.#clock = clock;
  }

  /**
   * Every queue is full: the senders are to keep what they have. One sink that hangs does not hold up
   * the others; its own queue then drops its oldest, and counts.
   */
  get isFull(): boolean {
    return this.#forwardings.length > 0 && this.#forwardings.every(({ forwarder }) => forwarder.isFull);
  }

  /**
   * Takes a whole request; resolves when it may be acknowledged. Having kept nothing, throws
   * DecodeError when a series belongs to no machine, Refusal 403 when it belongs to one that the
   * sender may not speak for.
   */
  async accept(ingested: Ingested, sender: Sender): Promise<void> {
    const machines = divideByMachine(ingested.series);
    this.#refuseStrangers(machines, sender);
    this.#catalog.learn(ingested.families);
    for (const machine of machines) this.#latest.store(this.#latest.shapes.read(machine));
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

  #refuseStrangers(machines: readonly MachineSeries[], sender: Sender): void {
    for (const { machine } of machines) {
      const objection = this.#trust.objection(machine, sender);
      if (objection !== undefined) throw new Refusal(403, objection);
    }
  }

  async #forward(batches: readonly Batch[], { families }: Ingested, samples: number): Promise<void> {
    const bodies = new Map<SinkKind, Uint8Array>();
    const timeMs = this.#clock.nowMs();
    for (const { kind, forwarder } of this.#forwardings) {
      const body = bodies.get(kind) ?? kind.encode(batches, families);
      bodies.set(kind, body);
      if (body.length > 0) await forwarder.offer({ body, samples, timeMs });
    }
  }
}
