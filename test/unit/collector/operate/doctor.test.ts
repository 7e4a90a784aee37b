import { createServer } from "node:http";
import { afterAll, expect, test } from "vitest";
import { diagnose, judgeStatus } from "../../../../collector/operate/doctor.ts";
import { readServeOptions, type ServeFlags } from "../../../../collector/serve-options.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { WELL } from "../../../support/collector-status.ts";
import { freePort } from "../../../support/free-port.ts";
import { listen } from "../../../support/listen.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const texts = async (flags: ServeFlags): Promise<readonly string[]> => {
  const found = await diagnose(() => readServeOptions({ data: cleanup.temporaryFolder(), ...flags }));
  return found.map(({ state, what }) => `${state} ${what}`);
};

test("a configuration that is wrong is all there is to say", async () => {
  expect(await texts({ keep: "soon" })).toEqual([expect.stringMatching(/^wrong --keep: "soon"/)]);
});

test("one that does not run: what it would need", async () => {
  const address = `127.0.0.1:${await freePort()}`;
  expect(await texts({ listen: [address] })).toEqual([
    "ok configuration",
    "note not running: nothing listens where the configuration says",
    `ok listen ${address}: is free`,
    expect.stringMatching(/^ok data .*: \d+ MiB free$/),
  ]);
});

test("one whose port is any: serve takes it, and nobody can ask there", async () => {
  expect((await texts({ listen: ["127.0.0.1:0"] })).slice(1, 3)).toEqual([
    "note listen: the port is any: whether it runs cannot be seen",
    expect.stringMatching(/^ok listen 127\.0\.0\.1:\d+: is free$/),
  ]);
});

test("one that runs is asked; whoever else has its port is found out", async () => {
  const [ours, another] = [
    await listen(
      cleanup,
      createServer((_, response) => response.end(JSON.stringify(WELL))),
    ),
    await listen(
      cleanup,
      createServer((_, response) => response.end("hello")),
    ),
  ];
  expect((await texts({ listen: [`127.0.0.1:${ours}`] }))[1]).toBe(
    "ok running: 1.2.3 for 7300 s, 3 machines",
  );
  expect((await texts({ listen: [`127.0.0.1:${another}`] }))[1]).toMatch(/^wrong .*is no collector/);
});

test("what only the running one knows", () => {
  const [sink] = WELL.sinks;
  if (sink === undefined || WELL.store === null) throw new Error("the example has both");
  const found = judgeStatus({
    ...WELL,
    sinks: [{ ...sink, failingSeconds: 90, reason: "HTTP 503", dropped: 5 }],
    followed: [{ name: "/run/docker.sock", isConnected: false }],
    store: { ...WELL.store, quarantinedBlocks: 1, failedWrites: 2 },
  });
  expect(found.map(({ state, what }) => `${state} ${what}`)).toEqual([
    "ok running: 1.2.3 for 7300 s, 3 machines",
    "wrong sink remote-write+http://p/w: nothing delivered for 90 s: HTTP 503",
    "note sink remote-write+http://p/w: 5 samples were dropped before they could be delivered",
    "wrong /run/docker.sock: does not answer the collector",
    "note data /data: 1 damaged blocks were set aside",
    "note data /data: 2 writes have failed since the start",
  ]);
});
