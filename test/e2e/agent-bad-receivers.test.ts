import { writeFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { spoolFolder } from "../../agent/spool-folders.ts";
import { encodeWriteRequest } from "../../core/metrics/remote-write.ts";
import type { Series } from "../../core/metrics/series.ts";
import { encodeSnappy } from "../../core/metrics/snappy.ts";
import { systemClock } from "../../core/runtime/clock.ts";
import { openSpool } from "../../core/runtime/spool.ts";
import { BAD_RECEIVERS, type BadReceiver, type Fate } from "../support/bad-receivers.ts";
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

/** In parts: this many destinations of one agent are more than it is meant to have. */
const TOGETHER = 32;
const PARTS: readonly (readonly BadReceiver[])[] = Array.from(
  { length: Math.ceil(BAD_RECEIVERS.length / TOGETHER) },
  (_, i) => BAD_RECEIVERS.slice(i * TOGETHER, (i + 1) * TOGETHER),
);

test.for([...PARTS.keys()])(
  "bad receivers of every kind, part %i: each has its own fate, and none disturbs the good one",
  { timeout: 150_000 },
  async (part) => {
    const receivers = PARTS[part] ?? [];
    const reference = await startReceiver(cleanup);
    const sinks = new Map<string, BadReceiver>();
    for (const receiver of receivers) {
      sinks.set(`${receiver.scheme}://127.0.0.1:${await listen(cleanup, receiver.server())}/w`, receiver);
    }
    const config = join(cleanup.temporaryFolder(), "agent.json");
    const push = [...sinks.keys()].map((url) => ({ url, timeout: "1s" }));
    const given = { ip: "10.0.0.7", interval: "200ms", maxCpu: "100%", spool: cleanup.temporaryFolder() };
    const nowhere = "remote-write+http://nowhere.invalid/w";
    writeFileSync(config, JSON.stringify({ ...given, push: [reference.url, nowhere, ...push] }));
    const agent = startProgram(cleanup, programArgv("plimsoll-agent", "run", "--config", config));
    await agent.waitForLine(/"msg":"ready"/);
    const last = (name: string, labels: Readonly<Record<string, string>>) =>
      reference.values(name, labels).at(-1) ?? 0;
    const fateOf = (sink: string): Fate => {
      if (last("plimsoll_agent_samples_pushed_total", { sink }) > 0) return "delivered";
      const isRefused = last("plimsoll_agent_samples_dropped_total", { sink, reason: "refused" }) > 0;
      return isRefused ? "refused" : "waits";
    };
    const known = [...sinks];
    const wrong = (): unknown[] =>
      known.flatMap(([sink, { name, scheme, fate }]) =>
        fateOf(sink) === fate ? [] : [`${scheme} ${name}: ${fateOf(sink)}, not ${fate}`],
      );
    await waitFor("some samples", () => reference.requests.length >= 20, 60_000);
    await waitFor("every fate", () => wrong().length === 0, 30_000).catch(() => {});

    expect(wrong()).toEqual([]);
    for (const [sink, { fate, name }] of known) {
      if (fate !== "waits") continue;
      expect(last("plimsoll_agent_queue_length", { sink })).toBeGreaterThan(5);
      expect([name, last("plimsoll_agent_push_retries_total", { sink })]).not.toEqual([name, 0]);
    }
    const times = reference.times("node_load1");
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    await agent.stop();
  },
);

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
