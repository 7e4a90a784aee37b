import { expect, test } from "vitest";
import type { Forwarder } from "../../../collector/forwarder.ts";
import { type Encodings, Forwarding, type Shipment, shardOf } from "../../../collector/forwarding.ts";
import type { Relabel } from "../../../collector/relabel.ts";
import type { Encode } from "../../../collector/sinks/types.ts";
import type { SpoolRecord } from "../../../core/runtime/spool-record.ts";
import { gauge } from "../../support/push.ts";

function fakeShard(n: number, more: Partial<Forwarder> = {}): { shard: Forwarder; offered: SpoolRecord[] } {
  const offered: SpoolRecord[] = [];
  const shard = {
    ...{ name: "s", isFull: false, failing: undefined, counts: { delivered: n, refused: 0, retries: 1 } },
    spool: { length: n, bytes: 10 * n, dropped: { full: n, disk: 0, expired: 0, corrupt: 0 } },
    offer: async (record: SpoolRecord) => void offered.push(record),
    close: async () => {},
    ...more,
  };
  return { shard: shard as unknown as Forwarder, offered };
}

const encode: Encode = (batches) =>
  Buffer.from(
    JSON.stringify(
      batches.map(({ identity, series }) => [identity, series.map(({ name, labels }) => [name, labels])]),
    ),
  );

function open(relabel?: Relabel, one: Encode = encode) {
  const shards = [fakeShard(1), fakeShard(2)];
  const forwarding = new Forwarding({
    ...{ name: "s", encode: one, relabel, shards: shards.map(({ shard }) => shard) },
    close: async () => {},
  });
  const texts = () =>
    shards.map(({ offered }) => offered.map(({ body, samples }) => [Buffer.from(body).toString(), samples]));
  return { forwarding, texts };
}

const shipment = (shard: number): Shipment => ({
  ...{ shard, families: [], samples: 2 },
  batches: [
    { identity: { ip: "10.0.0.7", instance: "10.0.0.7" }, series: [gauge("a", { x: "1" }), gauge("b", {})] },
  ],
});

test("a machine's shard is always the same, machines are spread over all", () => {
  const shards = Array.from({ length: 100 }, (_, i) => shardOf(`10.0.0.${i}`, 4));
  expect(new Set(shards).size).toBe(4);
  expect(shardOf("10.0.0.7", 4)).toBe(shardOf("10.0.0.7", 4));
  expect(open().forwarding.shards).toBe(2);
});

test("each shipment goes to the queue of its shard, encoded once for sinks that get the same", async () => {
  let count = 0;
  const counting: Encode = (batches, families) => {
    count++;
    return encode(batches, families);
  };
  const [one, other] = [open(undefined, counting), open(undefined, counting)];
  const encodings: Encodings = new Map();
  const second = shipment(1);
  for (const { forwarding } of [one, other]) await forwarding.offer(second, encodings, 0);
  const want = '[[{"ip":"10.0.0.7","instance":"10.0.0.7"},[["a",{"x":"1"}],["b",{}]]]]';
  expect([one.texts(), count]).toEqual([[[], [[want, 2]]], 1]);
});

test("what came by the sink's own protocol is queued as it came, but for rules", async () => {
  const received = Buffer.from("as it came");
  const shards = [fakeShard(1), fakeShard(2), fakeShard(3)];
  for (const [i, { shard }] of shards.entries()) {
    const more = { takesReceived: i > 0, relabel: i > 1 ? (): undefined => undefined : undefined };
    const options = { ...{ name: "s", encode, shards: [shard] }, close: async () => {} };
    await new Forwarding({ ...options, ...more }).offer({ ...shipment(0), received }, new Map(), 0);
  }
  expect(shards.map(({ offered }) => offered.map(({ body }) => body === received))).toEqual([
    [false],
    [true],
    [],
  ]);
});

test("rules see the labels of the machine; what all series still share stays the machine's", async () => {
  const relabel: Relabel = ({ __name__ = "", ip = "", ...labels }) =>
    __name__ === "b" ? undefined : { ...labels, __name__: `x_${__name__}`, ip, address: ip };
  const { forwarding, texts } = open(relabel);
  await forwarding.offer(shipment(0), new Map(), 0);
  const [[[text = "", samples] = []] = []] = texts();
  expect(samples).toBe(1);
  const [[identity, series]] = JSON.parse(String(text));
  expect(identity).toEqual({ ip: "10.0.0.7", instance: "10.0.0.7" });
  expect(series[0]).toMatchObject(["x_a", { x: "1", address: "10.0.0.7" }]);
});

test("nothing is queued when the rules leave nothing", async () => {
  const { forwarding, texts } = open(() => undefined);
  await forwarding.offer(shipment(0), new Map(), 0);
  expect(texts()).toEqual([[], []]);
});

test("figures are those of all queues; it is full, or failing, when one of them is", () => {
  const { forwarding } = open();
  expect(forwarding.counts).toEqual({ delivered: 3, refused: 0, retries: 2 });
  expect(forwarding.spool).toEqual({
    length: 3,
    bytes: 30,
    dropped: { full: 3, disk: 0, expired: 0, corrupt: 0 },
  });
  expect([forwarding.isFull, forwarding.failing]).toEqual([false, undefined]);
  const failing = [20, 10].map(
    (sinceMs) => fakeShard(1, { isFull: true, failing: { sinceMs, reason: "x" } }).shard,
  );
  const ill = new Forwarding({
    ...{ name: "s", encode, relabel: undefined, shards: failing },
    close: async () => {},
  });
  expect([ill.isFull, ill.failing?.sinceMs]).toEqual([true, 10]);
});
