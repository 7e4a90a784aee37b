import { afterEach, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../../agent/push-settings.ts";
import { openGraphite } from "../../../../agent/sinks/graphite.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { freePort } from "../../../support/free-port.ts";
import { batchAt } from "../../../support/sink-batches.ts";
import { startTcpReceiver } from "../../../support/tcp-receiver.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const never = new AbortController().signal;

async function deliver(suffix: string) {
  const { port, received } = await startTcpReceiver(cleanup);
  const sink = openGraphite(new URL(`tcp://127.0.0.1:${port}${suffix}`), DEFAULT_SETTINGS, 10_000);
  const bodies = [1000, 2000].map((ms) => sink.encode(batchAt(ms))?.body ?? new Uint8Array(0));
  const delivery = await sink.deliver(sink.join?.(bodies) ?? new Uint8Array(0), never);
  return {
    delivery,
    lines: Buffer.concat([...received])
      .toString()
      .split("\n"),
  };
}

test("paths below a prefix, all on one connection that the receiver ends", async () => {
  const { delivery, lines } = await deliver("/team/");

  expect(delivery).toEqual({ outcome: "delivered" });
  expect(lines).toEqual([
    "team.10_0_0_7.node_load1 0.25 1",
    "team.10_0_0_7.node_network_receive_bytes_total.eth0 1024 1",
    "team.10_0_0_7.node_load1 0.25 2",
    "team.10_0_0_7.node_network_receive_bytes_total.eth0 1024 2",
    "",
  ]);
});

test("tags where they are asked for", async () => {
  expect((await deliver("?tags=true")).lines[0]).toBe("node_load1;instance=10.0.0.7;ip=10.0.0.7 0.25 1");
});

test("what is not there is tried again; the port is 2003 unless told", async () => {
  const away = openGraphite(new URL(`tcp://127.0.0.1:${await freePort()}`), DEFAULT_SETTINGS, 1);
  const body = away.encode(batchAt(1))?.body ?? new Uint8Array(0);

  expect(await away.deliver(body, never)).toMatchObject({ outcome: "retry" });
  expect(openGraphite(new URL("tcp://host"), DEFAULT_SETTINGS, 1).name).toBe("graphite+tcp://host:2003");
});
