import { afterEach, expect, test } from "vitest";
import { otlp } from "../../../../collector/sinks/otlp.ts";
import { encodeMetricsResponse } from "../../../../core/metrics/otlp.ts";
import { decodeMetricsRequest } from "../../../../core/metrics/otlp-decode.ts";
import { gatherOtlp } from "../../../../core/metrics/otlp-series.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { type Reply, startHttpReceiver } from "../../../support/http-receiver.ts";
import { gauge } from "../../../support/push.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const never = new AbortController().signal;
const machine = (instance: string) => ({ identity: { instance }, series: [gauge("a", {}, 1, 5)] });

test("machines are resources; answers are those of the protocol", async () => {
  let answer: Reply = { status: 200 };
  const receiver = await startHttpReceiver(cleanup, () => answer);
  const sink = await otlp.open("s", new URL(`http://127.0.0.1:${receiver.port}`), { connections: 1 });
  const encode = otlp.openEncoder();
  const body = sink.join([
    encode([machine("10.0.0.7"), machine("10.0.0.8")], []),
    encode([machine("10.0.0.9")], []),
  ]);
  expect(await sink.deliver(body, never)).toEqual({ outcome: "delivered" });
  const [post] = receiver.posts;
  expect(post?.path).toBe("/v1/metrics");
  const { series } = gatherOtlp(decodeMetricsRequest(post?.body ?? Buffer.of()));
  expect(series.map(({ labels }) => labels)).toEqual([
    { instance: "10.0.0.7" },
    { instance: "10.0.0.8" },
    { instance: "10.0.0.9" },
  ]);

  answer = { status: 200, body: encodeMetricsResponse(2, "old") };
  expect(await sink.deliver(body, never)).toEqual({
    outcome: "delivered",
    rejected: { samples: 2, reason: "old" },
  });
  answer = { status: 500 };
  expect((await sink.deliver(body, never)).outcome).toBe("refused");
  answer = { status: 401 };
  expect(await sink.deliver(body, never)).toEqual({ outcome: "retry", reason: "HTTP 401" });
  answer = { status: 503, headers: { "retry-after": "2" } };
  expect(await sink.deliver(body, never)).toEqual({ outcome: "retry", reason: "HTTP 503", afterMs: 2000 });
  await sink.close();
});
