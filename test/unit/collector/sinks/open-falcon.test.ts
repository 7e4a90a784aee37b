import { afterEach, expect, test } from "vitest";
import { openFalcon } from "../../../../collector/sinks/open-falcon.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { type Reply, startHttpReceiver } from "../../../support/http-receiver.ts";
import { gauge } from "../../../support/push.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const never = new AbortController().signal;

test("values under Open-Falcon's names, of each machine apart; what it calls invalid is told", async () => {
  let answer: Reply = { status: 200, body: "success" };
  const receiver = await startHttpReceiver(cleanup, () => answer);
  const sink = await openFalcon.open("s", new URL(`http://127.0.0.1:${receiver.port}`), { connections: 1 });
  const encode = openFalcon.openEncoder();
  const batches = ["10.0.0.7", "10.0.0.8"].map((instance) => ({
    identity: { instance },
    series: [gauge("node_load1", {}, 0.5, 5000), gauge("not_known_there", {}, 1, 5000)],
  }));
  const body = sink.join([encode(batches, [])]);
  expect(await sink.deliver(body, never)).toEqual({ outcome: "delivered" });
  expect(receiver.posts[0]?.path).toBe("/api/push");
  const values = JSON.parse(receiver.posts[0]?.body.toString() ?? "") as Record<string, unknown>[];
  expect(
    values.map(({ endpoint, metric, value, timestamp }) => [endpoint, metric, value, timestamp]),
  ).toEqual([
    ["10.0.0.7", "agent.alive", 1, 5],
    ["10.0.0.7", "load.1min", 0.5, 5],
    ["10.0.0.8", "agent.alive", 1, 5],
    ["10.0.0.8", "load.1min", 0.5, 5],
  ]);
  answer = { status: 200, body: '{"msg":"success","data":{"Total":4,"Invalid":2}}' };
  expect(await sink.deliver(body, never)).toEqual({
    ...{ outcome: "delivered", rejected: { samples: 2, reason: "Invalid: 2" } },
  });
  await sink.close();
});
