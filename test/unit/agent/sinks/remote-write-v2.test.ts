import { afterEach, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../../agent/push-settings.ts";
import { openRemoteWriteV2 } from "../../../../agent/sinks/remote-write-v2.ts";
import { decodeWriteRequest } from "../../../../core/metrics/remote-write-decode.ts";
import { downgradeWriteRequest } from "../../../../core/metrics/remote-write-v2.ts";
import { decodeSnappy } from "../../../../core/metrics/snappy.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { type Posted, type Reply, startHttpReceiver } from "../../../support/http-receiver.ts";
import { batchAt } from "../../../support/sink-batches.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const never = new AbortController().signal;
const WRITTEN: Reply = { status: 204, headers: { "x-prometheus-remote-write-samples-written": "2" } };

async function open(answer: (posted: Posted) => Reply) {
  const { port, posts } = await startHttpReceiver(cleanup, answer);
  const sink = openRemoteWriteV2(new URL(`http://127.0.0.1:${port}/api/v1/write`), DEFAULT_SETTINGS, 10_000);
  const deliver = (ms: number) => sink.deliver(sink.encode(batchAt(ms))?.body ?? new Uint8Array(0), never);
  return { sink, deliver, posts };
}

const isV2 = ({ headers }: Posted) => headers["x-prometheus-remote-write-version"] === "2.0.0";
const seriesOf = (posted: Posted) => {
  const bytes = decodeSnappy(posted.body, 1e6);
  return decodeWriteRequest(isV2(posted) ? downgradeWriteRequest(bytes) : bytes).series;
};

test("a receiver of 2.0 is spoken to in 2.0", async () => {
  const { deliver, posts } = await open(() => WRITTEN);

  expect([await deliver(1000), await deliver(2000)]).toEqual(Array(2).fill({ outcome: "delivered" }));
  expect(posts.map(isV2)).toEqual([true, true]);
  expect(posts[0]?.headers["content-type"]).toBe(
    "application/x-protobuf;proto=io.prometheus.write.v2.Request",
  );
  expect(posts.map((posted) => seriesOf(posted)[1]?.samples[0]?.timestampMs)).toEqual([1000, 2000]);
});

test.for<[string, Reply]>([
  ["204 that does not say what was written", { status: 204 }],
  ["415", { status: 415 }],
])("%s: the same samples again as 1.0, and all after them", async ([, reply]) => {
  const { deliver, posts } = await open((posted) => (isV2(posted) ? reply : { status: 204 }));

  expect([await deliver(1000), await deliver(2000)]).toEqual(Array(2).fill({ outcome: "delivered" }));
  expect(posts.map(isV2)).toEqual([true, false, false]);
  expect(posts[1]?.headers).toMatchObject({
    "content-type": "application/x-protobuf",
    "x-prometheus-remote-write-version": "0.1.0",
  });
  expect(posts.map((posted) => seriesOf(posted)[0])).toEqual([1000, 1000, 2000].map((ms) => ({
    ...batchAt(ms).series[0],
    labels: batchAt(ms).identity,
  }))); // biome-ignore format: one table
});

test("an error is no answer about versions", async () => {
  const { deliver, posts } = await open(() => (posts.length === 1 ? { status: 500 } : WRITTEN));

  expect(await deliver(1000)).toMatchObject({ outcome: "retry" });
  expect(await deliver(1000)).toEqual({ outcome: "delivered" });
  expect(posts.map(isV2)).toEqual([true, true]);
});

test("a body is divided, each part with the whole table", async () => {
  const { sink } = await open(() => WRITTEN);
  const body = sink.encode(batchAt(1000))?.body ?? new Uint8Array(0);
  const parts = sink.divide?.(body) ?? [];

  expect(parts.map(({ samples }) => samples)).toEqual([1, 1]);
  expect(
    parts.flatMap((part) =>
      decodeWriteRequest(downgradeWriteRequest(decodeSnappy(part.body, 1e6))).series.map(({ name }) => name),
    ),
  ).toEqual(["node_load1", "node_network_receive_bytes_total"]);
  expect(sink.divide?.(parts[0]?.body ?? new Uint8Array(0))).toBeUndefined();
  expect(sink.join).toBeUndefined();
});
