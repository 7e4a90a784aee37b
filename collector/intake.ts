import type { Rejects } from "../core/metrics/gathering.ts";
import type { Batch, Series } from "../core/metrics/series.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { errorLine } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { Catalog } from "./catalog.ts";
import { type Encodings, type Forwarding, type Shipment, samplesOf, shardOf } from "./forwarding.ts";
import type { Archive } from "./history/archive.ts";
import { Refusal } from "./http/route.ts";
import { divideByMachine, type MachineSeries } from "./identity.ts";
import type { Accepted, Ingested } from "./ingests/types.ts";
import { MACHINE_INFO, readEpoch } from "./inventory/epoch.ts";
import type { Inventory, Sighting } from "./inventory/inventory.ts";
import type { LatestStore } from "./latest.ts";
import type { Recent } from "./recent/recent.ts";
import type { Points, Reading } from "./shapes.ts";
import type { Sender, Trust } from "./trust/trust.ts";

export interface IntakeOptions {
  readonly latest: LatestStore;
  readonly recent: Recent;
  readonly inventory: Inventory;
  /** Undefined where no history is kept. */
  readonly archive: Archive | undefined;
  readonly catalog: Catalog;
  readonly forwardings: readonly Forwarding[];
  readonly trust: Trust;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A part of a request whose sender has the address now. */
type Present = MachineSeries & Exclude<Sighting, { readonly late: string }>;

/** Where every protocol's requests meet: identity, the latest values, every sink's queue. */
export class Intake {
  /** Pushes that could not be made durable. */
  unkept = 0;
  /** Samples taken in. */
  samples = 0;
  /** What was understood but not kept (exemplars, native histograms), by what it is. */
  readonly skipped: Map<string, number> = new Map();
  /** Machines whose last push failed half-way: what they send again is not new, and still has to be handed on. */
  readonly #unsettled = new Set<string>();
  readonly #latest: LatestStore;
  readonly #recent: Recent;
  readonly #inventory: Inventory;
  readonly #archive: Archive | undefined;
  readonly #catalog: Catalog;
  readonly #forwardings: readonly Forwarding[];
  readonly #trust: Trust;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(options: IntakeOptions) {
    const { latest, recent, inventory, archive, catalog, forwardings, trust, clock, log } = options;
    this.#inventory = inventory;
    this.#archive = archive;
    this.#log = log;
    this.#latest = latest;
    this.#recent = recent;
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
    return this.#forwardings.length > 0 && this.#forwardings.every(({ isFull }) => isFull);
  }

  /**
   * Takes a whole request; resolves when it may be acknowledged. Having kept nothing, throws
   * DecodeError when a series belongs to no machine, Refusal 403 when it belongs to one that the
   * sender may not speak for, 409 when whoever spoke for it does so no more.
   */
  async accept(ingested: Ingested, sender: Sender): Promise<Accepted> {
    const machines = divideByMachine(ingested.series);
    this.#refuseStrangers(machines, sender);
    const { present, rejected } = this.#refuseLate(machines);
    this.#catalog.learn(ingested.families);
    try {
      const { fresh, overflow } = await this.#keep(present);
      await this.#forward(fresh, ingested);
      for (const { machine } of present) this.#unsettled.delete(machine);
      return this.#account(present, ingested, [rejected, overflow]);
    } catch (error) {
      for (const { machine } of present) this.#unsettled.add(machine);
      throw error;
    }
  }

  #account(
    present: readonly MachineSeries[],
    { skipped, rejected = NOTHING }: Ingested,
    [late, overflow]: readonly [late: Rejects, overflow: Rejects],
  ): Accepted {
    for (const [what, count] of Object.entries({ ...skipped, rejected: rejected.samples })) {
      if (count > 0) this.skipped.set(what, (this.skipped.get(what) ?? 0) + count);
    }
    const samples = present.reduce((sum, { series }) => sum + samplesOf(series), 0) - overflow.samples;
    this.samples += samples;
    const losses = [rejected, late, overflow].filter((loss) => loss.samples > 0);
    const lost = losses.reduce((sum, loss) => sum + loss.samples, 0);
    const [first] = losses;
    return { samples, skipped, rejected: first && { samples: lost, reason: first.reason } };
  }

  #refuseStrangers(machines: readonly MachineSeries[], sender: Sender): void {
    for (const { machine } of machines) {
      const objection = this.#trust.objection(machine, sender);
      if (objection !== undefined) throw new Refusal(403, objection);
    }
  }

  /** Without those who had their address before; throws Refusal 409 when nobody is left. */
  #refuseLate(machines: readonly MachineSeries[]): {
    readonly present: readonly Present[];
    readonly rejected: Rejects;
  } {
    const present: Present[] = [];
    let rejected = NOTHING;
    for (const { machine, series } of machines) {
      const sighting = this.#inventory.observe(machine, readEpoch(series));
      if (sighting !== undefined && !("late" in sighting)) present.push({ machine, series, ...sighting });
      else {
        const reason = sighting?.late ?? "there are too many machines";
        rejected = { samples: rejected.samples + samplesOf(series), reason };
      }
    }
    if (present.length === 0 && rejected !== NOTHING) throw new Refusal(409, rejected.reason);
    return { present, rejected };
  }

  /** Resolves when everything is durable; throws Refusal 503 when that cannot be. */
  async #keep(
    present: readonly Present[],
  ): Promise<{ readonly fresh: readonly Reading[]; readonly overflow: Rejects }> {
    const fresh: Reading[] = [];
    let overflow = NOTHING;
    const written = present.flatMap((one) => {
      if (one.isNew) this.#forget(one.machine);
      const reading = this.#latest.shapes.read(one);
      this.#recent.observe(reading);
      const stored = this.#latest.store(reading, this.#unsettled.has(one.machine));
      fresh.push({ ...reading, points: stored.fresh });
      const lost = samplesOf(one.series) - samplesOf(stored.kept);
      if (lost > 0)
        overflow = { samples: overflow.samples + lost, reason: `${one.machine} has too many series` };
      const points = stored.kept.filter(({ shape }) => shape.name !== MACHINE_INFO);
      return [one.saved, this.#archive?.append(one.history.id, points)];
    });
    try {
      await Promise.all(written);
      return { fresh, overflow };
    } catch (error) {
      throw this.#unkeepable(error);
    }
  }

  #forget(machine: string): void {
    this.#latest.forget(machine);
    this.#recent.forget(machine);
  }

  /** Durable in every sink's queue when it resolves. */
  async #forward(fresh: readonly Reading[], ingested: Ingested): Promise<void> {
    if (this.#forwardings.length === 0) return;
    const shards = Math.max(1, ...this.#forwardings.map((forwarding) => forwarding.shards));
    const readings = new Map<number, Reading[]>();
    for (const reading of fresh) {
      const shard = shardOf(reading.machine, shards);
      const known = readings.get(shard);
      if (known === undefined) readings.set(shard, [reading]);
      else known.push(reading);
    }
    const shipments = [...readings].map(([shard, some]) => this.#shipmentOf(shard, some, ingested));
    const encodings: Encodings = new Map();
    const timeMs = this.#clock.nowMs();
    const offers = this.#forwardings.flatMap((forwarding) =>
      shipments.map((shipment) => forwarding.offer(shipment, encodings, timeMs)),
    );
    const outcomes = await Promise.allSettled(offers);
    const failed = outcomes.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw this.#unkeepable(failed.reason);
  }

  /** What came may go on as it is where nothing of it stays behind and no series is told more of its machine than it said itself. */
  #shipmentOf(
    shard: number,
    readings: readonly Reading[],
    { series, families, received }: Ingested,
  ): Shipment {
    const samples = readings.reduce((sum, { points }) => sum + samplesOf(points), 0);
    const isWhole = samples === samplesOf(series) && readings.every(({ isUniform }) => isUniform);
    const batchOf = (reading: Reading): Batch => this.#batchOf(reading);
    let batches: readonly Batch[] | undefined;
    return {
      ...{ shard, families, samples, received: isWhole ? received : undefined },
      // Made for those who ask: few do where what came goes on as it is.
      get batches() {
        batches ??= readings.map(batchOf);
        return batches;
      },
    };
  }

  #batchOf({ identity, points }: Reading): Batch {
    return { identity, series: points.map((one) => this.#seriesOf(one)) };
  }

  #seriesOf({ shape: { name, labels }, samples }: Points): Series {
    return { name, ...this.#catalog.describe(name), labels, samples };
  }

  #unkeepable(error: unknown): Refusal {
    this.unkept++;
    this.#log.debug({ problem: errorLine(error) }, "push cannot be kept");
    return new Refusal(503, "nothing can be written at present, keep the samples", { "retry-after": "10" });
  }
}

const NOTHING: Rejects = { samples: 0, reason: "" };
