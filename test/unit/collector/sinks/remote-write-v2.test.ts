import { afterEach, expect, test } from "vitest";
import { remoteWriteV2 } from "../../../../collector/sinks/remote-write-v2.ts";
import { decodeWriteRequest } from "../../../../core/metrics/remote-write-decode.ts";
import { decodeWriteRequestV2 } from "../../../../core/metrics/remote-write-v2-decode.ts";
import { decodeSnappy } from "../../../../core/metrics/snappy.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { type Reply, startHttpReceiver } from "../../../support/http-receiver.ts";
import { gauge } from "../../../support/push.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const never = new AbortController().signal;
const V2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
const series = gauge("a", { instance: "10.0.0.7" }, 1, 5);
const chunk = remoteWriteV2.openEncoder()([{ identity: {}, series: [series] }], []);

async function deliverTwice(answer: (contentType: string) => Reply) {
  const receiver = await startHttpReceiver(cleanup, ({ headers }) => answer(headers["content-type"] ?? ""));
  const url = new URL(`http://127.0.0.1:${receiver.port}/w`);
  const sink = await remoteWriteV2.open("s", url, { connections: 1 });
  const outcomes = [];
  for (let i = 0; i < 2; i++) outcomes.push((await sink.deliver(sink.join([chunk, chunk]), never)).outcome);
  await sink.close();
  return { outcomes, posts: receiver.posts };
}

test("a receiver of 2.0 gets 2.0, with kind and help of each series", async () => {
  const headers = { "x-prometheus-remote-write-samples-written": "2" };
  const { outcomes, posts } = await deliverTwice(() => ({ status: 204, headers }));
  expect(outcomes).toEqual(["delivered", "delivered"]);
  expect(posts.map((post) => post.headers["content-type"])).toEqual([V2, V2]);
  const body = decodeSnappy(posts[0]?.body ?? Buffer.of(), 10_000);
  expect(decodeWriteRequestV2(body).series).toEqual([series, series]);
});

test.for([{ status: 204 }, { status: 415 }])(
  "one of 1.0, which says %j, gets 1.0 from then on",
  async (answer) => {
    const { outcomes, posts } = await deliverTwice((type) => (type === V2 ? answer : { status: 204 }));
    expect(outcomes).toEqual(["delivered", "delivered"]);
    const types = posts.map((post) => post.headers["content-type"]);
    expect(types).toEqual([V2, "application/x-protobuf", "application/x-protobuf"]);
    const body = decodeSnappy(posts[1]?.body ?? Buffer.of(), 10_000);
    expect(decodeWriteRequest(body).series).toEqual([series, series]);
  },
);

test("an error is one of 2.0", async () => {
  const { outcomes, posts } = await deliverTwice(() => ({ status: 503 }));
  expect([outcomes, posts.length]).toEqual([["retry", "retry"], 2]);
});

test("a series with more labels than a sender may bring, once its machine's are added, is delivered", async () => {
  const headers = { "x-prometheus-remote-write-samples-written": "1" };
  const receiver = await startHttpReceiver(cleanup, () => ({ status: 204, headers }));
  const url = new URL(`http://127.0.0.1:${receiver.port}/w`);
  const sink = await remoteWriteV2.open("s", url, { connections: 1 });
  const labels = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`label_${n}`, "x"]));
  const batch = { identity: { ip: "10.0.0.7", hostname: "a" }, series: [{ ...series, labels }] };
  const body = remoteWriteV2.openEncoder()([batch], []);
  expect(await sink.deliver(sink.join([body]), never)).toEqual({ outcome: "delivered" });
  await sink.close();
});
