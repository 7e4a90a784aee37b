import { afterAll, expect, test } from "vitest";
import { parseForward } from "../../../collector/forward-url.ts";
import type { Forwarding } from "../../../collector/forwarding.ts";
import { openForwardings } from "../../../collector/open-forwarding.ts";
import { decodeWriteRequest } from "../../../core/metrics/remote-write-decode.ts";
import { decodeSnappy } from "../../../core/metrics/snappy.ts";
import { systemClock } from "../../../core/runtime/clock.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { startHttpReceiver } from "../../support/http-receiver.ts";
import { gauge } from "../../support/push.ts";
import { recordLog } from "../../support/record-log.ts";
import { waitFor } from "../../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("two sinks get what their rules leave, from queues of their own", async () => {
  const receivers = [
    await startHttpReceiver(cleanup, () => ({ status: 204 })),
    await startHttpReceiver(cleanup, () => ({ status: 204 })),
  ];
  const [plain = "", ruled = ""] = receivers.map(({ port }) => `remote-write+http://127.0.0.1:${port}/w`);
  const rules = [{ source_labels: ["__name__"], regex: "b", action: "drop" }];
  const forwards = [parseForward("f", plain), parseForward("f", { url: ruled, relabel: rules, shards: 4 })];
  const folder = cleanup.temporaryFolder();
  const data = {
    spoolDirectory: (sink: string, n: number) => `${folder}/${encodeURIComponent(sink)}-${n}`,
    deadLetters: undefined,
  };
  const forwardings: Forwarding[] = [];
  await openForwardings(forwards, { forwardings, data, clock: systemClock, log: recordLog() });

  const series = ["a", "b"].map((name) => gauge(name, {}));
  const shipment = {
    shard: 3,
    families: [],
    samples: 2,
    batches: [{ identity: { instance: "10.0.0.7" }, series }],
  };
  const encodings = new Map();
  await Promise.all(forwardings.map((forwarding) => forwarding.offer(shipment, encodings, Date.now())));
  await waitFor("both deliveries", () => receivers.every(({ posts }) => posts.length === 1));
  const names = receivers.map(({ posts: [post] }) =>
    decodeWriteRequest(decodeSnappy(post?.body ?? Buffer.of(), 10_000)).series.map(({ name }) => name),
  );
  expect(names).toEqual([["a", "b"], ["a"]]);
  await Promise.all(forwardings.map((forwarding) => forwarding.close(1000)));
  expect(forwardings.map(({ counts }) => counts.delivered)).toEqual([2, 1]);
});
