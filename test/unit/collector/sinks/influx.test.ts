import { afterEach, expect, test } from "vitest";
import { influx } from "../../../../collector/sinks/influx.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { startHttpReceiver } from "../../../support/http-receiver.ts";
import { gauge } from "../../../support/push.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const never = new AbortController().signal;

test("lines of milliseconds, compressed", async () => {
  const receiver = await startHttpReceiver(cleanup, () => ({ status: 204 }));
  const url = new URL(`http://127.0.0.1:${receiver.port}/?db=x`);
  const sink = await influx.open("s", url, { connections: 1 });
  const chunk = influx.openEncoder()(
    [{ identity: { ip: "10.0.0.7" }, series: [gauge("a", { b: "1" }, 1.5, 5)] }],
    [],
  );
  expect(await sink.deliver(sink.join([chunk, chunk]), never)).toEqual({ outcome: "delivered" });
  expect(receiver.posts[0]).toMatchObject({
    path: "/write?db=x&precision=ms",
    headers: { "content-encoding": "gzip" },
  });
  expect(receiver.posts[0]?.body.toString()).toBe("a,b=1,ip=10.0.0.7 value=1.5 5\n".repeat(2));
  expect(sink.divide?.(sink.join([chunk, chunk]))?.map(({ samples }) => samples)).toEqual([1, 1]);
  await sink.close();
});
