import { mergedLabels } from "../core/metrics/labels.ts";
import { familiesOf } from "../core/metrics/remote-write.ts";
import type { Batch, Family, Labels, Series } from "../core/metrics/series.ts";
import type { Spool } from "../core/runtime/spool.ts";
import type { Forwarder } from "./forwarder.ts";
import type { Relabel } from "./relabel.ts";
import type { Encode } from "./sinks/types.ts";

/** Of one sink: each syncs the disk for itself, so that more than one is for sinks that are far away. */
export const MAX_SHARDS = 8;

/** Part of a request: the machines of one shard. */
export interface Shipment {
  readonly shard: number;
  readonly batches: readonly Batch[];
  readonly families: readonly Family[];
  readonly samples: number;
  /** All of it as a request of remote write 1.0, in snappy's block format, where one came that is just this. */
  readonly received?: Uint8Array | undefined;
}

/** What several sinks get alike is encoded once. */
export type Encodings = Map<Encode, Map<Shipment, Uint8Array>>;

export interface ForwardingOptions {
  readonly name: string;
  readonly encode: Encode;
  /** What is received as remote write 1.0 is queued as it came. */
  readonly takesReceived?: boolean;
  readonly relabel: Relabel | undefined;
  readonly shards: readonly Forwarder[];
  close(): Promise<void>;
}

/** One sink: what is changed for it, and its queues. */
export class Forwarding {
  readonly name: string;
  readonly #options: ForwardingOptions;

  constructor(options: ForwardingOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get shards(): number {
    return this.#options.shards.length;
  }

  get counts(): Forwarder["counts"] {
    return sumOf(this.#options.shards.map(({ counts }) => counts));
  }

  get spool(): Pick<Spool, "length" | "bytes" | "dropped"> {
    const spools = this.#options.shards.map(({ spool }) => spool);
    const { length, bytes } = sumOf(spools.map((spool) => ({ length: spool.length, bytes: spool.bytes })));
    return { length, bytes, dropped: sumOf(spools.map(({ dropped }) => dropped)) };
  }

  /** What is offered soon costs the oldest. */
  get isFull(): boolean {
    return this.#options.shards.some((shard) => shard.isFull);
  }

  /** Of the shard that has failed longest. */
  get failing(): Forwarder["failing"] {
    const failing = this.#options.shards.flatMap((shard) => shard.failing ?? []);
    return failing.sort((a, b) => a.sinceMs - b.sinceMs)[0];
  }

  /** When the oldest that waits was taken in; undefined when nothing waits. */
  get waitingSinceMs(): number | undefined {
    const times = this.#options.shards.flatMap((shard) => shard.waitingSinceMs ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Resolves when it is as durable as the spool makes it; rejects when the spool cannot keep it. */
  async offer(shipment: Shipment, encodings: Encodings, timeMs: number): Promise<void> {
    const { shards, relabel, encode, takesReceived } = this.#options;
    const sent = relabel === undefined ? shipment : relabelled(shipment, relabel);
    const { samples, families, received } = sent;
    if (samples === 0 && families.length === 0) return;
    const body = (takesReceived ? received : undefined) ?? encoded(sent, encode, encodings);
    if (body.length > 0) await shards[shipment.shard % shards.length]?.offer({ body, samples, timeMs });
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all(this.#options.shards.map((shard) => shard.close(graceMs)));
    await this.#options.close();
  }
}

/** The shard of a machine, of so many: the same after every start. Its series always wait in the same queue, so that their order is kept. */
export function shardOf(machine: string, shards: number): number {
  let hash = 0;
  for (let i = 0; i < machine.length; i++) hash = (Math.imul(hash, 31) + machine.charCodeAt(i)) >>> 0;
  return hash % shards;
}

export function samplesOf(series: readonly Pick<Series, "samples">[]): number {
  return series.reduce((sum, { samples }) => sum + samples.length, 0);
}

function encoded(shipment: Shipment, encode: Encode, encodings: Encodings): Uint8Array {
  const bodies = encodings.get(encode) ?? new Map<Shipment, Uint8Array>();
  encodings.set(encode, bodies);
  const body = bodies.get(shipment) ?? encode(shipment.batches, shipment.families);
  bodies.set(shipment, body);
  return body;
}

/** Labels of the machine are labels of each of its series to the rules: each may change on its own. */
function relabelled({ shard, batches, families }: Shipment, relabel: Relabel): Shipment {
  const changed = batches.map(({ identity, series }): Batch => {
    const left = series.flatMap((one): Series[] => {
      const labels = relabel({ ...mergedLabels(one.labels, identity), __name__: one.name });
      if (labels === undefined) return [];
      const { __name__: name = one.name, ...others } = labels;
      return [{ ...one, name, labels: others }];
    });
    return { identity: sharedOf(left, Object.keys(identity)), series: left };
  });
  // Names may be others now: what is told of families is what is known of these series.
  return {
    shard,
    batches: changed,
    families: families.length === 0 ? [] : familiesOf(changed),
    samples: changed.reduce((sum, { series }) => sum + samplesOf(series), 0),
  };
}

/** Those of the labels that all series still have alike. */
function sharedOf(series: readonly Series[], names: readonly string[]): Labels {
  const [first] = series;
  const shared = names.filter((name) => {
    const value = first?.labels[name];
    return value !== undefined && series.every(({ labels }) => labels[name] === value);
  });
  return Object.fromEntries(shared.map((name) => [name, first?.labels[name] ?? ""]));
}

function sumOf<Key extends string>(all: readonly Readonly<Record<Key, number>>[]): Record<Key, number> {
  const sum = {} as Record<Key, number>;
  for (const one of all) for (const key in one) sum[key] = (sum[key] ?? 0) + one[key];
  return sum;
}
