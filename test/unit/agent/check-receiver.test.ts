import { afterEach, expect, test } from "vitest";
import { checkReceiver } from "../../../agent/check-receiver.ts";
import { parseDestination } from "../../../agent/sinks/index.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { freePort } from "../../support/free-port.ts";
import { type Reply, startHttpReceiver } from "../../support/http-receiver.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const check = (url: string, aheadMs = 0) =>
  checkReceiver(parseDestination({ option: "--push", value: url }), 10_000, () => Date.now() + aheadMs);

async function receiver(reply: Reply): Promise<string> {
  return `127.0.0.1:${(await startHttpReceiver(cleanup, () => reply)).port}`;
}

test("a destination that takes an empty push is well, and its clock is compared", async () => {
  const url = `remote-write+http://${await receiver({ status: 204 })}/`;

  expect((await check(url)).map(({ state, what }) => [state, what])).toEqual([
    ["ok", `${url} takes pushes`],
    ["ok", `our clock agrees with that of ${url}`],
  ]);
  expect((await check(url, 60_000))[1]).toMatchObject({
    state: "note",
    what: expect.stringMatching(/is (59|60|61) s ahead of/),
  });
  expect((await check(url, -600_000))[1]).toMatchObject({
    state: "wrong",
    what: expect.stringContaining("s behind"),
  });
});

test.for([
  [400, "ok", undefined],
  [401, "wrong", "samples are given up at this answer"],
  [404, "wrong", "samples are given up at this answer"],
  [503, "wrong", "samples wait in the spool meanwhile"],
] as const)("an empty push that is answered %d is %s: %s", async ([status, state, hint]) => {
  const [finding] = await check(`remote-write+http://${await receiver({ status })}/`);

  expect(finding).toMatchObject({ state, what: expect.stringContaining(`HTTP ${status}`) });
  expect(finding?.hint).toEqual(hint === undefined ? undefined : expect.stringContaining(hint));
});

test("a port that is not given is the protocol's, and TCP goes through no proxy", async () => {
  const findings = async (url: string): Promise<unknown> => {
    const proxy = `http://${await receiver({ status: 204 })}`;
    const destination = parseDestination({ option: "push", value: { url, proxy, timeout: "100ms" } });
    return checkReceiver(destination, 10_000);
  };

  // Nobody listens on this address of loopback.
  for (const [url, port] of [
    ["graphite+tcp://127.99.1.2", 2003],
    ["zabbix+tcp://127.99.1.2", 10_051],
  ] as const)
    expect(await findings(url)).toMatchObject([
      { state: "wrong", what: expect.stringContaining(`ECONNREFUSED 127.99.1.2:${port}`) },
    ]);
});

test("where a protocol cannot say nothing, a connection has to do", async () => {
  const address = await receiver({ status: 204 });
  const nobody = `127.0.0.1:${await freePort()}`;

  expect(await check(`graphite+tcp://${address}`)).toMatchObject([{ state: "ok" }]);
  expect(await check(`graphite+tcp://${nobody}`)).toMatchObject([
    { state: "wrong", what: expect.stringContaining("ECONNREFUSED") },
  ]);
  expect(await check(`remote-write+http://${nobody}/`)).toMatchObject([{ state: "wrong" }]);
});
