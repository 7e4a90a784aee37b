import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";
import { openSpool } from "../core/runtime/spool.ts";
import type { Data } from "./data.ts";
import { DeadLetters } from "./dead-letters/dead-letters.ts";
import { DeliverySlots } from "./delivery-slots.ts";
import type { Forward } from "./forward-url.ts";
import { Forwarder } from "./forwarder.ts";
import { Forwarding } from "./forwarding.ts";
import type { Encode, OpenSink, SinkKind } from "./sinks/types.ts";

const MIB = 1024 * 1024;
const DELIVERY_BYTES = MIB;
/** Receivers do not take samples that are much older; see Prometheus' `out of bounds`. */
const MAX_AGE_MS = 3_600_000;

export interface ForwardingParts {
  /** What has been opened, also when opening the next one throws. */
  readonly forwardings: Forwarding[];
  readonly data: Pick<Data, "spoolDirectory" | "deadLetters">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Sinks of one kind that get the same share what is encoded. */
export async function openForwardings(forwards: readonly Forward[], parts: ForwardingParts): Promise<void> {
  const encoders = new Map<SinkKind, Encode>();
  const deadLetters = new DeadLetters(parts.data.deadLetters, parts.log);
  for (const { kind, url, name, relabel, files, shards: count, queueMiB } of forwards) {
    const shared = encoders.get(kind) ?? kind.openEncoder();
    encoders.set(kind, shared);
    const sink = await kind.open(name, url, { connections: count, ...files });
    const shards: Forwarder[] = [];
    const encode = relabel === undefined ? shared : kind.openEncoder();
    const { takesReceived = false, deliveryBytes = DELIVERY_BYTES } = kind;
    parts.forwardings.push(
      new Forwarding({ name, encode, takesReceived, relabel, shards, close: () => sink.close() }),
    );
    const slots = new DeliverySlots(count);
    const maxBytes = Math.floor((queueMiB * MIB) / count);
    for (let shard = 0; shard < count; shard++) {
      shards.push(await openShard(sink, shard, { ...parts, maxBytes, deliveryBytes, slots, deadLetters }));
    }
  }
}

interface ShardParts extends ForwardingParts {
  /** Of this queue. */
  readonly maxBytes: number;
  readonly deliveryBytes: number;
  readonly slots: DeliverySlots;
  readonly deadLetters: DeadLetters;
}

async function openShard(sink: OpenSink, shard: number, parts: ShardParts): Promise<Forwarder> {
  const { data, maxBytes, deliveryBytes, clock, log, slots, deadLetters } = parts;
  const spool = await openSpool({
    directory: data.spoolDirectory(sink.name, shard),
    maxBytes,
    maxHeldBytes: 0,
    maxAgeMs: MAX_AGE_MS,
    sync: "each",
    clock,
    log,
  });
  const limits = { maxSpoolBytes: maxBytes, maxDeliveryBytes: deliveryBytes };
  return new Forwarder({ sink, spool, ...limits, clock, log, slots, deadLetters });
}
