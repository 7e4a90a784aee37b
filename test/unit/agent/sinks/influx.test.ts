import { afterEach, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../../agent/push-settings.ts";
import { openInflux } from "../../../../agent/sinks/influx.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { startHttpReceiver } from "../../../support/http-receiver.ts";
import { batchAt } from "../../../support/sink-batches.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const never = new AbortController().signal;

test.for([true, false])("lines in milliseconds to the URL's database, gzip: %s", async (gzip) => {
  const { port, posts } = await startHttpReceiver(cleanup, () => ({ status: 204 }));
  const sink = openInflux(new URL(`http://127.0.0.1:${port}/?db=d`), { ...DEFAULT_SETTINGS, gzip }, 10_000);
  const bodies = [1000, 2000].map((ms) => sink.encode(batchAt(ms)));
  const joined = sink.join?.(bodies.map((each) => each?.body ?? new Uint8Array(0))) ?? new Uint8Array(0);

  expect(bodies.map((each) => each?.samples)).toEqual([2, 2]);
  expect(await sink.deliver(joined, never)).toEqual({ outcome: "delivered" });
  expect(posts[0]?.path).toBe("/write?db=d&precision=ms");
  expect(posts[0]?.headers["content-encoding"]).toBe(gzip ? "gzip" : undefined);
  expect(posts[0]?.body.toString().split("\n")).toEqual([
    "node_load1,instance=10.0.0.7,ip=10.0.0.7 value=0.25 1000",
    "node_network_receive_bytes_total,device=eth0,instance=10.0.0.7,ip=10.0.0.7 value=1024 1000",
    "node_load1,instance=10.0.0.7,ip=10.0.0.7 value=0.25 2000",
    "node_network_receive_bytes_total,device=eth0,instance=10.0.0.7,ip=10.0.0.7 value=1024 2000",
    "",
  ]);
  expect(sink.name).toBe(`influx+http://127.0.0.1:${port}/write`);
});

test("a path of one's own is kept", async () => {
  const { port, posts } = await startHttpReceiver(cleanup, () => ({ status: 204 }));
  const sink = openInflux(
    new URL(`http://127.0.0.1:${port}/api/v2/write?org=o&bucket=b`),
    DEFAULT_SETTINGS,
    1,
  );
  await sink.deliver(sink.encode(batchAt(1))?.body ?? new Uint8Array(0), never);

  expect(posts[0]?.path).toBe("/api/v2/write?org=o&bucket=b&precision=ms");
});
