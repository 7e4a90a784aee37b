import { afterEach, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../../agent/push-settings.ts";
import { openOpenFalcon } from "../../../../agent/sinks/open-falcon.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { type Reply, startHttpReceiver } from "../../../support/http-receiver.ts";
import { batchAt } from "../../../support/sink-batches.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const never = new AbortController().signal;

async function deliver(reply: Reply, path = "") {
  const { port, posts } = await startHttpReceiver(cleanup, () => reply);
  const sink = openOpenFalcon(new URL(`http://127.0.0.1:${port}${path}`), DEFAULT_SETTINGS, 200);
  const bodies = [1_700_000_000_000, 1_700_000_001_000].map(
    (ms) => sink.encode(batchAt(ms))?.body ?? new Uint8Array(0),
  );
  return { delivery: await sink.deliver(sink.join?.(bodies) ?? new Uint8Array(0), never), posts };
}

test("one JSON array under Open-Falcon's names, with a step of a second at least", async () => {
  const { delivery, posts } = await deliver({ status: 200, body: '{"msg":"success","data":{"Invalid":0}}' });
  const values = JSON.parse(posts[0]?.body.toString() ?? "");

  expect(delivery).toEqual({ outcome: "delivered" });
  expect(posts[0]).toMatchObject({ path: "/api/push", headers: { "content-type": "application/json" } });
  expect(values.filter(({ metric }: { metric: string }) => metric === "load.1min")).toEqual(
    [1_700_000_000, 1_700_000_001].map((timestamp) => ({
      endpoint: "10.0.0.7",
      metric: "load.1min",
      value: 0.25,
      step: 1,
      counterType: "GAUGE",
      tags: "",
      timestamp,
    })),
  );
});

test("an agent's path is kept, and its answer understood", async () => {
  const { delivery, posts } = await deliver({ status: 200, body: "success" }, "/v1/push");

  expect(delivery).toEqual({ outcome: "delivered" });
  expect(posts[0]?.path).toBe("/v1/push");
});

test("values that are invalid are known though the status is 200", async () => {
  const { delivery } = await deliver({ status: 200, body: '{"msg":"success","data":{"Invalid":2}}' });

  expect(delivery).toEqual({ outcome: "delivered", rejected: { samples: 2, reason: "Invalid: 2" } });
});

test("other statuses are what they are elsewhere", async () => {
  expect((await deliver({ status: 400, body: "body is blank" })).delivery).toMatchObject({
    outcome: "refused",
    blame: "samples",
  });
  expect((await deliver({ status: 502 })).delivery).toMatchObject({ outcome: "retry" });
});

test("a batch with nothing Open-Falcon has a name for is nothing", () => {
  const sink = openOpenFalcon(new URL("http://host/"), DEFAULT_SETTINGS, 10_000);

  expect(sink.encode({ identity: {}, series: [] })).toBeUndefined();
});
