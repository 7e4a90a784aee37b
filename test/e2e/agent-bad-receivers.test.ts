import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { spoolFolder } from "../../agent/spool-folders.ts";
import { encodeWriteRequest } from "../../core/metrics/remote-write.ts";
import type { Series } from "../../core/metrics/series.ts";
import { encodeSnappy } from "../../core/metrics/snappy.ts";
import { systemClock } from "../../core/runtime/clock.ts";
import { openSpool } from "../../core/runtime/spool.ts";
import { makeAuthority, readCertificate } from "../support/certificates.ts";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf, hasCommand, testIf } from "../support/host.ts";
import { listen } from "../support/listen.ts";
import { gauge, push, pushBody } from "../support/push.ts";
import { type MetricsServer, makePrometheus } from "../support/receivers.ts";
import { recordLog } from "../support/record-log.ts";
import { type RemoteWriteReceiver, startReceiver } from "../support/remote-write-receiver.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Answers every request with these bytes, and hangs up or does not. */
function raw(bytes: string | Buffer, hangUp = true): Server {
  return createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => (hangUp ? socket.end(bytes) : socket.write(bytes)));
  });
}

function status(code: number, headers: Readonly<Record<string, string>> = {}): Server {
  return createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(code, headers).end("no"));
  });
}

const MEGABYTES = Buffer.alloc(10 * 2 ** 20, "x");
const HEAD = `HTTP/1.1 200 OK\r\ncontent-length: ${MEGABYTES.length}\r\n\r\n`;

type Fate = "delivered" | "refused" | "waits";

const RECEIVERS: readonly (readonly [name: string, server: () => Server, fate: Fate])[] = [
  ["hangs", () => createTcpServer(() => {}), "waits"],
  ["garbage", () => raw("\0\x01\x02 no HTTP\r\n\r\n"), "waits"],
  ["half a head", () => raw("HTTP/1.1 204 No Con"), "waits"],
  ["half a body", () => raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"), "delivered"],
  ["ten megabytes of success", () => raw(Buffer.concat([Buffer.from(HEAD), MEGABYTES])), "delivered"],
  [
    "ten megabytes of failure",
    () => raw(Buffer.concat([Buffer.from(HEAD.replace("200", "503")), MEGABYTES])),
    "waits",
  ],
  ["hangs up", () => createTcpServer((socket) => socket.destroy()), "waits"],
  ...[301, 400, 401, 403, 404, 405, 409, 413, 415, 422].map(
    (code) => [`${code}`, () => status(code), "refused"] as const,
  ),
  ...[429, 500, 501, 502, 503, 504].map((code) => [`${code}`, () => status(code), "waits"] as const),
  ["503 for an hour", () => status(503, { "retry-after": "3600" }), "waits"],
];

test("bad receivers of every kind: each has its own fate, and none disturbs the good one", async () => {
  const reference = await startReceiver(cleanup);
  const fates = new Map<string, readonly [string, Fate]>();
  for (const [name, server, fate] of RECEIVERS) {
    fates.set(`remote-write+http://127.0.0.1:${await listen(cleanup, server())}/w`, [name, fate]);
  }
  const pushes = [reference.url, ...fates.keys(), "remote-write+http://nowhere.invalid/w"].flatMap((url) => [
    "--push",
    url,
  ]);
  const flags = ["run", "--ip", "10.0.0.7", "--interval", "200ms", "--spool", cleanup.temporaryFolder()];
  const agent = startProgram(cleanup, programArgv("plimsoll-agent", ...flags, ...pushes));
  await waitFor("some samples", () => reference.requests.length >= 20, 30_000);
  const last = (name: string, labels: Readonly<Record<string, string>>) =>
    reference.values(name, labels).at(-1) ?? 0;

  const seen = [...fates].map(([sink, [name]]) => {
    if (last("plimsoll_agent_samples_pushed_total", { sink }) > 0) return [name, "delivered"];
    return [
      name,
      last("plimsoll_agent_samples_dropped_total", { sink, reason: "refused" }) > 0 ? "refused" : "waits",
    ];
  });
  expect(seen).toEqual([...fates.values()]);
  for (const [sink, [, fate]] of fates) {
    if (fate === "waits") expect(last("plimsoll_agent_queue_length", { sink })).toBeGreaterThan(5);
  }
  const times = reference.times("node_load1");
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  await agent.stop();
}, 90_000);

testIf(hasCommand("openssl"))(
  "an expired certificate is not believed; its successor is, and then nothing is missing",
  async () => {
    const authority = await makeAuthority(cleanup.temporaryFolder());
    const expired = await authority.issue("127.0.0.1", -1);
    let pushes = 0;
    const server = createHttpsServer(readCertificate(expired), (request, response) => {
      if (request.method === "POST") pushes++;
      request.resume().on("end", () => response.writeHead(204).end());
    });
    const url = `remote-write+https://127.0.0.1:${await listen(cleanup, server)}/w`;
    const config = join(cleanup.temporaryFolder(), "agent.json");
    writeFileSync(
      config,
      JSON.stringify({
        push: [{ url, ca: authority.cert }],
        interval: "200ms",
        ip: "10.0.0.7",
        spool: "none",
      }),
    );
    const agent = startProgram(cleanup, programArgv("plimsoll-agent", "run", "--config", config));
    await agent.waitForLine(/certificate has expired/);
    expect(pushes).toBe(0);
    server.setSecureContext(readCertificate(await authority.issue("127.0.0.1")));
    await agent.waitForLine(/push works again/);

    await agent.stop();
    expect(agent.lines.at(-1)).toContain('"undelivered":[0]');
  },
);

describe("a backlog that a real Prometheus does not take", () => {
  const HOUR_MS = 3_600_000;

  const series = (name: string, timestampMs: number, value: number): Series =>
    gauge(name, {}, value, timestampMs);

  /** Starts an agent that finds `records` waiting for `prometheus`, as if it had been stopped. */
  async function startWithBacklog(
    prometheus: MetricsServer,
    records: readonly (readonly Series[])[],
  ): Promise<{ agent: RunningProgram; reference: RemoteWriteReceiver; sink: string }> {
    const sink = `remote-write+${prometheus.url}/api/v1/write`;
    const spool = cleanup.temporaryFolder();
    const bounds = { maxBytes: 2 ** 25, maxHeldBytes: 0, maxAgeMs: 1e12, sync: "never" as const };
    const directory = join(spool, spoolFolder(sink));
    const waiting = await openSpool({ ...bounds, directory, clock: systemClock, log: recordLog() });
    for (const some of records) {
      const body = encodeSnappy(
        encodeWriteRequest([{ identity: { instance: "10.0.0.7" }, series: some }], []),
      );
      const timeMs = Math.max(...some.map(({ samples }) => samples[0]?.timestampMs ?? 0));
      await waiting.append({ body, samples: some.length, timeMs });
    }
    await waiting.close();
    const reference = await startReceiver(cleanup);
    const flags = [
      "run",
      "--ip",
      "10.0.0.7",
      "--interval",
      "500ms",
      "--spool",
      spool,
      "--push",
      sink,
      "--push",
      reference.url,
    ];
    return { agent: startProgram(cleanup, programArgv("plimsoll-agent", ...flags)), reference, sink };
  }

  const refused = (reference: RemoteWriteReceiver, sink: string): number =>
    reference
      .values("plimsoll_agent_samples_dropped_total", { sink, reason: "refused" })
      .findLast((value) => value >= 0) ?? 0;

  describeIf(hasCommand("prometheus"))("with a window for samples out of order", () => {
    test("500 for samples that are too old does not block what comes after them", async () => {
      const prometheus = await makePrometheus(cleanup, "10m");
      await prometheus.start();
      const nowMs = Date.now();
      await push(`${prometheus.url}/api/v1/write`, pushBody(series("fresh", nowMs, 1)));
      const old = Array.from({ length: 40 }, (_, i) => [series("old", nowMs - 3 * HOUR_MS + i * 10_000, i)]);
      const recent = [series("recent", nowMs - 60_000, 7)];
      const { agent, reference, sink } = await startWithBacklog(prometheus, [...old, recent]);
      await waitFor(
        "live samples",
        async () => (await prometheus.points('node_load1{instance="10.0.0.7"}')).length > 0,
        60_000,
      );
      await waitFor("the losses to be told", () => refused(reference, sink) === 40);

      expect(await prometheus.points('recent{instance="10.0.0.7"}')).toEqual([[nowMs - 60_000, 7]]);
      expect(agent.lines.filter((line) => line.includes("samples refused")).join()).toContain(
        "too old sample",
      );
      await agent.stop();
    }, 120_000);
  });

  describeIf(hasCommand("prometheus"))("without such a window", () => {
    test("one sample out of order costs itself, not the others of its batch", async () => {
      const prometheus = await makePrometheus(cleanup);
      await prometheus.start();
      const nowMs = Date.now();
      await push(
        `${prometheus.url}/api/v1/write`,
        pushBody(gauge("seen", { instance: "10.0.0.7" }, 1, nowMs)),
      );
      const others = Array.from({ length: 30 }, (_, i) => series(`good_${i}`, nowMs - 1000, i));
      const { agent, reference, sink } = await startWithBacklog(prometheus, [
        [...others.slice(0, 11), series("seen", nowMs - 5000, 2), ...others.slice(11)],
      ]);
      await waitFor(
        "live samples",
        async () => (await prometheus.points('node_load1{instance="10.0.0.7"}')).length > 0,
        30_000,
      );
      await waitFor("the loss to be told", () => refused(reference, sink) === 1);

      for (const [i, { name }] of others.entries()) {
        expect(await prometheus.points(`${name}{instance="10.0.0.7"}`)).toEqual([[nowMs - 1000, i]]);
      }
      expect(await prometheus.points('seen{instance="10.0.0.7"}')).toEqual([[nowMs, 1]]);
      await agent.stop();
    }, 120_000);
  });
});
