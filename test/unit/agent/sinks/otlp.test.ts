import { afterEach, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../../agent/push-settings.ts";
import { openOtlp } from "../../../../agent/sinks/otlp.ts";
import type { Delivery } from "../../../../core/metrics/delivery.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { type Reply, startHttpReceiver } from "../../../support/http-receiver.ts";
import { otlpRequest, otlpResponse } from "../../../support/proto.ts";
import { batchAt } from "../../../support/sink-batches.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const never = new AbortController().signal;

async function deliver(reply: Reply, gzip = true) {
  const { port, posts } = await startHttpReceiver(cleanup, () => reply);
  const sink = openOtlp(new URL(`http://127.0.0.1:${port}`), { ...DEFAULT_SETTINGS, gzip }, 10_000);
  const bodies = [1000, 2000].map((ms) => sink.encode(batchAt(ms))?.body ?? new Uint8Array(0));
  return { delivery: await sink.deliver(sink.join?.(bodies) ?? new Uint8Array(0), never), posts };
}

test.for([true, false])("a request is protobuf to /v1/metrics, gzip: %s", async (gzip) => {
  const { delivery, posts } = await deliver({ status: 200 }, gzip);

  expect(delivery).toEqual({ outcome: "delivered" });
  expect(posts[0]).toMatchObject({
    path: "/v1/metrics",
    headers: { "content-type": "application/x-protobuf" },
  });
  expect(posts[0]?.headers["content-encoding"]).toBe(gzip ? "gzip" : undefined);
  const { resourceMetrics } = otlpRequest.decode(posts[0]?.body ?? new Uint8Array(0));
  expect(resourceMetrics.map(({ scopeMetrics }) => scopeMetrics[0]?.metrics.map(({ name }) => name))).toEqual(
    Array(2).fill(["node_load1", "node_network_receive_bytes_total"]),
  );
});

const partial = (message: string): Reply => ({
  status: 200,
  body: otlpResponse.encode({ partialSuccess: { rejectedDataPoints: 3, errorMessage: message } }),
});

test.for<[string, Reply, Delivery]>([
  [
    "a partial success",
    partial("too old"),
    { outcome: "delivered", rejected: { samples: 3, reason: "too old" } },
  ],
  [
    "a silent one",
    partial(""),
    { outcome: "delivered", rejected: { samples: 3, reason: "partial success" } },
  ],
  ["a success in words", { status: 200, body: "<html>" }, { outcome: "delivered" }],
  ["202", { status: 202 }, { outcome: "delivered" }],
  ["400", { status: 400 }, { outcome: "refused", reason: "HTTP 400", blame: "samples" }],
  ["413", { status: 413 }, { outcome: "refused", reason: "HTTP 413", blame: "samples" }],
  ["401", { status: 401 }, { outcome: "refused", reason: "HTTP 401" }],
  ["500, not to be tried again here", { status: 500 }, { outcome: "refused", reason: "HTTP 500" }],
  ["502", { status: 502 }, { outcome: "retry", reason: "HTTP 502" }],
  [
    "503 with a wish",
    { status: 503, headers: { "retry-after": "3" } },
    { outcome: "retry", reason: "HTTP 503", afterMs: 3000 },
  ],
  ["429", { status: 429 }, { outcome: "retry", reason: "HTTP 429" }],
])("%s", async ([, reply, expected]) => {
  expect((await deliver(reply)).delivery).toEqual(expected);
});
