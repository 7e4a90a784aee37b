import { afterEach, expect, test } from "vitest";
import { nats } from "../../../../collector/sinks/nats.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { natsMessage, startFakeNats } from "../../../support/fake-nats.ts";
import { gauge } from "../../../support/push.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const never = new AbortController().signal;
const chunk = nats.openEncoder()(
  [{ identity: {}, series: [gauge("a", {}, 1, 5), gauge("b", {}, 2, 5)] }],
  [],
);

test("a delivery is one message, known by its id, delivered when it is stored", async () => {
  const answers = ['{"stream":"S","seq":1}', '{"stream":"S","seq":1,"duplicate":true}'];
  const { url, published } = await startFakeNats(cleanup, (_, reply) =>
    natsMessage(reply, answers.shift() ?? ""),
  );
  const sink = await nats.open("s", url, { connections: 1 });
  for (let i = 0; i < 2; i++)
    expect(await sink.deliver(sink.join([chunk]), never)).toEqual({ outcome: "delivered" });
  expect(published[0]?.subject).toBe("metrics.all");
  expect(published[0]?.body).toBe(Buffer.from(chunk).toString());
  expect(published[0]?.headers).toMatch(/^NATS\/1\.0\r\nNats-Msg-Id: [\w-]{43}\r\n\r\n$/);
  expect(published[1]?.headers).toBe(published[0]?.headers);
  await sink.close();
});

test("no stream, a full one, no server: try again; what is too large can be divided", async () => {
  const answers = ['{"error":{"code":503,"description":"insufficient storage"}}', "what"];
  const { url } = await startFakeNats(cleanup, (_, reply) => natsMessage(reply, answers.shift() ?? ""));
  const sink = await nats.open("s", url, { connections: 1 });
  const f = (body: Uint8Array) => sink.deliver(body, never);
  expect(await f(chunk)).toEqual({ outcome: "retry", reason: "JetStream: insufficient storage" });
  expect(await f(chunk)).toEqual({ outcome: "retry", reason: "JetStream: what" });
  expect(await f(Buffer.alloc(1900))).toEqual({
    outcome: "refused",
    reason: "1900 bytes, the server takes 2000",
  });
  expect(sink.divide?.(chunk)?.map(({ samples }) => samples)).toEqual([1, 1]);
  await sink.close();
  const nobody = await nats.open("s", new URL("tcp://127.0.0.1:1"), { connections: 1 });
  expect(await nobody.deliver(chunk, never)).toMatchObject({ outcome: "retry" });
  await nobody.close();
});
