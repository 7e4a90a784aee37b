import { writeFileSync } from "node:fs";
import { BlockList } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { readServeOptions, type ServeFlags } from "../../../collector/serve-options.ts";
import { errorLine } from "../../../core/runtime/errors.ts";
import { Cleanup } from "../../support/cleanup.ts";

const cleanup = new Cleanup();
const folder = cleanup.temporaryFolder();
afterAll(() => cleanup.run());
afterEach(() => {
  delete process.env.PLIMSOLL_COLLECTOR_LISTEN;
  delete process.env.PLIMSOLL_COLLECTOR_STALE_AFTER;
});

function configFile(text: string): string {
  const path = join(folder, "collector.yaml");
  writeFileSync(path, text);
  return path;
}

test("defaults", async () => {
  expect(await readServeOptions({})).toEqual({
    listen: [{ host: "127.0.0.1", port: 9465 }],
    adminListen: [],
    security: { tls: undefined, proxies: expect.any(BlockList) },
    forwards: [],
    data: undefined,
    keepMs: 15 * 86_400_000,
    keepCoarseMs: 400 * 86_400_000,
    historyFrom: undefined,
    businessLabel: "business",
    docker: [],
    provisioner: [],
    peers: [],
    trust: "address",
    tokenFile: undefined,
    clientRate: 20_000,
    staleAfterMs: 300_000,
    logLevel: "info",
  });
});

test("flag before environment before configuration file", async () => {
  const config = configFile("listen: 10.0.0.1:1\nstaleAfter: 1m\nlogLevel: debug\n");
  process.env.PLIMSOLL_COLLECTOR_LISTEN = "10.0.0.1:2, [::1]:3";
  process.env.PLIMSOLL_COLLECTOR_STALE_AFTER = "2m";
  expect(await readServeOptions({ config, staleAfter: "3m" })).toMatchObject({
    listen: [
      { host: "10.0.0.1", port: 2 },
      { host: "::1", port: 3 },
    ],
    staleAfterMs: 180_000,
    logLevel: "debug",
  });
});

test("the other collectors behind a load balancer", async () => {
  const { peers } = await readServeOptions({ peer: ["http://10.0.0.2:9465", "https://10.0.0.3"] });
  expect(peers.map(({ origin }) => origin)).toEqual(["http://10.0.0.2:9465", "https://10.0.0.3"]);
  await expect(readServeOptions({ peer: ["10.0.0.2:9465"] })).rejects.toThrow("--peer:");
});

test("lists in a file", async () => {
  const config = configFile('listen: ["localhost:0", "10.0.0.1:1"]\nforward:\n  - remote-write+http://a/w\n');
  const { listen, forwards } = await readServeOptions({ config });
  expect(listen).toEqual([
    { host: "localhost", port: 0 },
    { host: "10.0.0.1", port: 1 },
  ]);
  expect(forwards.map(({ name }) => name)).toEqual(["remote-write+http://a/w"]);
});

test.for<[string, ServeFlags]>([
  ['--listen: "9465" is not an address to listen on', { listen: ["9465"] }],
  ['--listen: "::1:9465" is not an address to listen on', { listen: ["::1:9465"] }],
  ['--listen: "[10.0.0.1]:1" is not an address to listen on', { listen: ["[10.0.0.1]:1"] }],
  ['--listen: "h:65536" is not an address to listen on', { listen: ["h:65536"] }],
  ['--stale-after: "soon" is not a duration', { staleAfter: "soon" }],
  ['--log-level: "loud" is not a log level', { logLevel: "loud" }],
  ['--docker: "here" is not the path of a socket', { docker: ["here"] }],
  ['--history-from: "http://a" is not a URL to read history from', { historyFrom: "http://a" }],
  ['--trust: "me" is not a way to trust', { trust: "me" }],
  ['--client-rate: "0" is not a number of samples', { clientRate: "0" }],
  ["listen: tls:// needs a certificate", { listen: ["tls://0.0.0.0:1"] }],
  ["TLS needs a certificate and its key", { tlsCert: "c" }],
  ["a certificate is for tls://", { tlsCert: "c", tlsKey: "k" }],
  ['--business-label: "0%" is not the name of a label', { businessLabel: "0%" }],
  ['--proxy-from: "x" is not an address or a network', { proxyFrom: ["x"] }],
  ["--trust: token takes nobody without a token file", { trust: "token" }],
  [
    "forward: remote-write+http://h/w is given twice",
    { forward: ["remote-write+http://h/w", "remote-write+http://h/w"] },
  ],
])("%s", async ([message, flags]) => {
  await expect(readServeOptions(flags)).rejects.toThrow(message);
});

test.for([
  [
    "dta: /var\n",
    '1:1: unknown option "dta" (hint: known are listen, adminListen, tlsCert, tlsKey, tlsClientCa, proxyFrom, forward, data, keep, keepCoarse, historyFrom, businessLabel, docker, provisioner, peer, trust, tokenFile, clientRate, staleAfter, logLevel)',
  ],
  ["staleAfter: [5]\n", "1:1: staleAfter must be a text"],
  ["listen: [{}]\n", "1:10: listen must be a text or a list of texts"],
])("configuration %j: %s", async ([text = "", message = ""]) => {
  const config = configFile(text);
  const failure = await readServeOptions({ config }).catch((error: unknown) => errorLine(error));
  expect(failure).toContain(`configuration ${config}:${message}`);
});

test("a client may be let bring as much as it likes", async () => {
  expect(await readServeOptions({ clientRate: "none" })).toMatchObject({
    clientRate: Number.POSITIVE_INFINITY,
  });
  expect(await readServeOptions({ clientRate: "5" })).toMatchObject({ clientRate: 5 });
});

test("TLS, proxies, and a place of its own for the rest", async () => {
  const flags = { tlsCert: "c", tlsKey: "k", tlsClientCa: "a", proxyFrom: ["10.0.0.0/24"] };
  const options = await readServeOptions({
    listen: ["tls://[::]:1"],
    adminListen: ["127.0.0.1:2"],
    ...flags,
  });
  expect(options).toMatchObject({
    listen: [{ host: "::", port: 1, isTls: true }],
    adminListen: [{ host: "127.0.0.1", port: 2 }],
    security: { tls: { cert: "c", key: "k", clientCa: "a" } },
  });
  expect(options.security.proxies?.check("10.0.0.9")).toBe(true);
});
