import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { remoteWrite } from "../../../../collector/sinks/remote-write.ts";
import { encodeWriteRequest } from "../../../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../../../core/metrics/remote-write-decode.ts";
import { decodeSnappy, joinSnappy } from "../../../../core/metrics/snappy.ts";
import { gauge } from "../../../support/push.ts";

interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly port: number | undefined;
}

const received: Received[] = [];
let answer: (response: ServerResponse) => void = (response) => response.writeHead(204).end();
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { url, headers, socket } = request;
  received.push({ url, headers, body: Buffer.concat(chunks), port: socket.remotePort });
  answer(response);
});
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve)));
afterAll(() => void server.close());

const open = (credentials = "") => {
  const { port } = server.address() as AddressInfo;
  return remoteWrite.open("sink", new URL(`http://${credentials}127.0.0.1:${port}/api/v1/write?tenant=a`), {
    connections: 1,
  });
};
const chunk = (name: string): Uint8Array =>
  remoteWrite.openEncoder()([{ identity: {}, series: [gauge(name, { instance: "10.0.0.7" }, 1, 5)] }], []);
const never = new AbortController().signal;

test("several chunks are one request with the headers of the protocol", async () => {
  const sink = await open("me:p%40ss@");
  expect(await sink.deliver(sink.join([chunk("a"), chunk("b")]), never)).toEqual({ outcome: "delivered" });
  await sink.deliver(sink.join([chunk("c")]), never);
  await sink.close();
  const [first, second] = received.slice(-2);
  expect(first).toMatchObject({
    url: "/api/v1/write?tenant=a",
    headers: {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
      authorization: `Basic ${Buffer.from("me:p@ss").toString("base64")}`,
      "user-agent": expect.stringMatching(/^plimsoll\/\d/),
    },
  });
  expect(namesIn(first?.body ?? Buffer.alloc(0))).toEqual(["a", "b"]);
  expect(second?.port).toBe(first?.port);
});

test("answers are deliveries", async () => {
  const sink = await open();
  const f = async (status: number, body: string, headers = {}): Promise<unknown> => {
    answer = (response) => response.writeHead(status, headers).end(body);
    return sink.deliver(sink.join([chunk("a")]), never);
  };
  expect(await f(400, "out of order\n")).toEqual({ outcome: "refused", reason: "HTTP 400: out of order" });
  expect(await f(503, "", { "retry-after": "3" })).toEqual({
    outcome: "retry",
    reason: "HTTP 503",
    afterMs: 3000,
  });
  expect(await f(500, "y".repeat(10_000_000))).toEqual({
    outcome: "retry",
    reason: `HTTP 500: ${"y".repeat(300)}`,
    blame: "samples",
  });
  expect(await f(200, "fine")).toEqual({ outcome: "delivered" });
  await sink.close();
});

test("a receiver that is not there, hangs up, or is not waited for: try again", async () => {
  const nobody = await remoteWrite.open("sink", new URL("http://127.0.0.1:1/w"), { connections: 1 });
  expect(await nobody.deliver(nobody.join([chunk("a")]), never)).toMatchObject({
    outcome: "retry",
    reason: expect.stringContaining("ECONNREFUSED"),
  });
  await nobody.close();

  const sink = await open();
  answer = (response) => response.destroy();
  expect((await sink.deliver(sink.join([chunk("a")]), never)).outcome).toBe("retry");
  const stop = new AbortController();
  answer = () => stop.abort();
  expect((await sink.deliver(sink.join([chunk("a")]), stop.signal)).outcome).toBe("retry");
  await sink.close();
});

test("a chunk that is refused can be divided", async () => {
  const sink = await open();
  const body = joinSnappy([chunk("a"), chunk("b"), chunk("c")]);
  const divided = (whole: Uint8Array) =>
    sink.divide?.(whole)?.map((part) => [part.samples, ...namesIn(part.body)]);
  expect(divided(body)).toEqual([
    [1, "a"],
    [2, "b", "c"],
  ]);
  expect(divided(chunk("a"))).toBeUndefined();
  await sink.close();
});

test("the samples of a part are counted, however many a series has, and however many labels", async () => {
  const sink = await open();
  const labels = Object.fromEntries(Array.from({ length: 70 }, (_, n) => [`label_${n}`, "x".repeat(5000)]));
  const samples = [1, 2, 3].map((value) => ({ timestampMs: value, value }));
  const series = ["a", "b"].map((name) => ({ ...gauge(name, labels), samples }));
  const body = remoteWrite.openEncoder()([{ identity: {}, series }], []);
  expect(sink.divide?.(body)?.map((part) => part.samples)).toEqual([3, 3]);
  expect(remoteWrite.render(body).trimEnd().split("\n")).toHaveLength(6);
  await sink.close();
});

test("what was queued before queues were compressed is delivered and shown as well", async () => {
  const sink = await open();
  const old = decodeSnappy(chunk("old"), 10_000);
  expect(namesIn(sink.join([old, chunk("new")]))).toEqual(["old", "new"]);
  expect(sink.divide?.(Buffer.concat([old, old]))?.map(({ body }) => namesIn(body))).toEqual([
    ["old"],
    ["old"],
  ]);
  expect(remoteWrite.render(old)).toBe(remoteWrite.render(chunk("old")));
  await sink.close();
});

test("what was divided then has its metadata first", async () => {
  const sink = await open();
  const family = { name: "old", kind: "gauge", help: "About it." } as const;
  const old = Buffer.concat([encodeWriteRequest([], [family]), decodeSnappy(chunk("old"), 10_000)]);
  expect(namesIn(sink.join([chunk("new"), old]))).toEqual(["new", "old"]);
  expect(remoteWrite.render(old)).toBe(remoteWrite.render(chunk("old")));
  await sink.close();
});

test("metadata alone is a block, however short", async () => {
  const sink = await open();
  for (const name of ["load", "a_metric_of_20_signs"]) {
    const block = remoteWrite.openEncoder()([], [{ name, kind: "counter", help: "" }]);
    expect([10, 26]).toContain(block[0]);
    expect(namesIn(sink.join([block, chunk("new")]))).toEqual(["new"]);
  }
  await sink.close();
});

function namesIn(block: Uint8Array): readonly string[] {
  return decodeWriteRequest(decodeSnappy(block, 10_000)).series.map(({ name }) => name);
}
