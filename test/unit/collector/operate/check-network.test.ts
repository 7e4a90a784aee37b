import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseForward } from "../../../../collector/forward-url.ts";
import { checkListening, checkOthers, checkSinks } from "../../../../collector/operate/check-network.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { listen } from "../../../support/listen.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const answering = (date: () => string): Promise<number> =>
  listen(
    cleanup,
    createServer((_, response) => response.writeHead(404, { date: date() }).end()),
  );

const sinks = (...urls: readonly string[]) => urls.map((url) => parseForward("f", url));

test("a sink that answers anything can be reached; one whose clock is another is told", async () => {
  const [right, wrong] = [
    await answering(() => new Date().toUTCString()),
    await answering(() => new Date(Date.now() - 60_000).toUTCString()),
  ];
  const found = await checkSinks(
    sinks(`otlp+http://127.0.0.1:${right}`, `influx+http://127.0.0.1:${wrong}/write`),
    () => Date.now(),
  );
  expect(found.map(({ state }) => state)).toEqual(["ok", "ok", "wrong"]);
  expect(found[2]?.what).toMatch(/: its clock is (59|6\d) s behind ours$/);
});

test("sinks that cannot be reached say why", async () => {
  const folder = join(cleanup.temporaryFolder(), "with a blank");
  mkdirSync(folder);
  const found = await checkSinks(
    sinks(
      "remote-write+http://127.0.0.1:1/w",
      "nats+tcp://127.0.0.1:1/s",
      `ndjson+file://${folder}/a`,
      "ndjson+file:///nowhere/a",
    ),
    () => 0,
  );
  expect(found.map(({ state, what }) => [state, /ECONNREFUSED|ENOENT|written/.exec(what)?.[0]])).toEqual([
    ["wrong", "ECONNREFUSED"],
    ["wrong", "ECONNREFUSED"],
    ["ok", "written"],
    ["wrong", "ENOENT"],
  ]);
});

test("an address to listen on is free, or somebody has it", async () => {
  const port = await answering(() => "");
  const addresses = [0, port].map((one) => ({ host: "127.0.0.1", port: one }));
  const found = await checkListening({ listen: addresses, adminListen: [], security: {} }, recordLog());
  expect(found.map(({ state, what }) => [state, /is free|in use/.exec(what)?.[0]])).toEqual([
    ["ok", "is free"],
    ["wrong", "in use"],
  ]);
});

test("sockets and others that do not answer", async () => {
  const socket = join(cleanup.temporaryFolder(), "docker.sock");
  const found = await checkOthers({
    ...{ docker: [socket], provisioner: [socket], historyFrom: undefined },
    peers: [new URL("http://127.0.0.1:1")],
  });
  expect(found.map(({ state, what }) => [state, what.split(" ")[0]])).toEqual([
    ["wrong", "docker"],
    ["wrong", "provisioner"],
    ["wrong", "http://127.0.0.1:1:"],
  ]);
});
