import type { Socket } from "node:net";
import { inflateSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../../agent/push-settings.ts";
import { openZabbix } from "../../../../agent/sinks/zabbix.ts";
import { encodeZabbixFrame } from "../../../../core/metrics/zabbix.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { freePort } from "../../../support/free-port.ts";
import { batchAt } from "../../../support/sink-batches.ts";
import { startTcpReceiver } from "../../../support/tcp-receiver.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const never = new AbortController().signal;

const frame = (text: string) => encodeZabbixFrame(Buffer.from(text));
const SUCCESS = '{"response":"success","info":"processed: 3; failed: 0; total: 3; seconds spent: 0.000055"}';

async function deliver(onEnd: (socket: Socket) => void, gzip = true) {
  const { port, received } = await startTcpReceiver(cleanup, { onEnd });
  const sink = openZabbix(new URL(`tcp://127.0.0.1:${port}`), { ...DEFAULT_SETTINGS, gzip }, 10_000);
  const body = sink.join?.([sink.encode(batchAt(1000))?.body ?? new Uint8Array(0)]) ?? new Uint8Array(0);
  return { delivery: await sink.deliver(body, never), received };
}

test.for([true, false])("one frame with every value, compressed: %s", async (gzip) => {
  const { delivery, received } = await deliver((socket) => socket.end(frame(SUCCESS)), gzip);
  const [bytes = Buffer.alloc(0)] = received;
  const payload = bytes.subarray(13);

  expect(delivery).toEqual({ outcome: "delivered" });
  expect(bytes[4]).toBe(gzip ? 3 : 1);
  expect(bytes.readUInt32LE(5)).toBe(payload.length);
  const text = (gzip ? inflateSync(payload) : payload).toString();
  expect(bytes.readUInt32LE(9)).toBe(gzip ? text.length : 0);
  const { request, data, ...rest } = JSON.parse(text);
  expect([request, rest]).toEqual(["sender data", {}]);
  expect(data.map(({ host, key, value }: Record<string, string>) => [host, key, value])).toEqual([
    ["10.0.0.7", "agent.ping", "1"],
    ["10.0.0.7", "system.cpu.load[all,avg1]", "0.25"],
    ["10.0.0.7", "net.if.in[eth0,bytes]", "1024"],
  ]);
});

test("what the server did not take is known though it says success", async () => {
  const info = "processed: 1; failed: 2; total: 3; seconds spent: 0.000055";
  const { delivery } = await deliver((socket) =>
    socket.end(frame(JSON.stringify({ response: "success", info }))),
  );

  expect(delivery).toEqual({
    outcome: "delivered",
    rejected: { samples: 2, reason: "processed: 1; failed: 2; total: 3" },
  });
});

test.for<[string, string | Uint8Array, string]>([
  ["an answer that is none", frame('{"response":"failed"}'), "unexpected answer"],
  ["half an answer", frame(SUCCESS).subarray(0, 40), "ends before its end"],
  ["nothing", "", "ends before its end"],
  ["another protocol", "HTTP/1.1 200 OK\r\n\r\n", "not a Zabbix frame"],
  ["compression that is none", encodeZabbixFrame(Buffer.from("no"), 10), "incorrect header"],
])("%s is tried again", async ([, bytes, reason]) => {
  const { delivery } = await deliver((socket) => socket.end(bytes));

  expect(delivery).toEqual({ outcome: "retry", reason: expect.stringContaining(reason) });
});

test("what is not there is tried again; the port is 10051 unless told", async () => {
  const away = openZabbix(new URL(`tcp://127.0.0.1:${await freePort()}`), DEFAULT_SETTINGS, 1);
  const body = away.encode(batchAt(1))?.body ?? new Uint8Array(0);

  expect(await away.deliver(body, never)).toMatchObject({ outcome: "retry" });
  expect(openZabbix(new URL("tcp://host"), DEFAULT_SETTINGS, 1).name).toBe("zabbix+tcp://host:10051");
});
