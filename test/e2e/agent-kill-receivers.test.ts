import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect } from "vitest";
import { spoolFolder } from "../../agent/spool-folders.ts";
import { parseRecords, type RecordPiece } from "../../core/runtime/spool-record.ts";
import { Cleanup } from "../support/cleanup.ts";
import { hasCommand, isRoot, testIf } from "../support/host.ts";
import {
  makeCarbon,
  makeInfluxdb,
  makePrometheus,
  makeVictoriaMetrics,
  type Point,
  type Receiver,
} from "../support/receivers.ts";
import { startReceiver } from "../support/remote-write-receiver.ts";
import { makeFalconTransfer, makeOtlpReceiver } from "../support/rule-receivers.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";
import { makeZabbix } from "../support/zabbix.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const KILLS = 50;

/** A destination, and what its receiver has of node_load1 in the end. */
interface Target {
  readonly url: string;
  /** As the agent calls it: its spool is named by that. */
  readonly sink: string;
  readonly points: () => Promise<readonly Point[]>;
  /** Times are whole seconds, and a second has one sample. */
  readonly isWholeSeconds?: true;
  /** It stores what comes twice twice. */
  readonly keepsRepeats?: true;
}

const LOAD = 'node_load1{instance="10.0.0.7"}';

async function startTargets(): Promise<readonly Target[]> {
  const [prometheus, window] = [await makePrometheus(cleanup), await makePrometheus(cleanup, "10m")];
  const victoria = await makeVictoriaMetrics(cleanup, "-dedup.minScrapeInterval=1ms");
  const influxdb = await makeInfluxdb(cleanup);
  const carbon = await makeCarbon(cleanup);
  const zabbix = await makeZabbix(cleanup);
  const otlp = await makeOtlpReceiver(cleanup);
  const falcon = await makeFalconTransfer(cleanup);
  const all: readonly Receiver[] = [prometheus, window, victoria, influxdb, carbon, zabbix, otlp, falcon];
  await Promise.all(all.map((receiver) => receiver.start()));
  const same = (url: string, points: Target["points"]): Target => ({ url, sink: url, points });
  return [
    ...[prometheus, window, victoria].map((server) =>
      same(`remote-write+${server.url}/api/v1/write`, () => server.points(LOAD)),
    ),
    {
      url: `influx+${victoria.url}/write?db=plimsoll`,
      sink: `influx+${victoria.url}/write`,
      points: () => victoria.points('node_load1_value{instance="10.0.0.7"}'),
    },
    {
      url: `influx+${influxdb.url}/write?db=plimsoll`,
      sink: `influx+${influxdb.url}/write`,
      points: () => influxdb.points("node_load1"),
    },
    {
      ...same(`graphite+tcp://127.0.0.1:${victoria.graphitePort}/path`, () =>
        victoria.points('{__name__="path.10_0_0_7.node_load1"}'),
      ),
      isWholeSeconds: true,
    },
    {
      ...same(`graphite+tcp://127.0.0.1:${carbon.port}/team`, () =>
        carbon.points("team.10_0_0_7.node_load1"),
      ),
      isWholeSeconds: true,
    },
    {
      ...same(`zabbix+tcp://127.0.0.1:${zabbix.port}`, () => zabbix.points("system.cpu.load[all,avg1]")),
      keepsRepeats: true,
    },
    {
      ...same(`otlp+http://127.0.0.1:${otlp.port}/v1/metrics`, async () => otlp.points("node_load1")),
      keepsRepeats: true,
    },
    {
      ...same(`falcon+http://127.0.0.1:${falcon.port}/api/push`, async () => falcon.points("load.1min")),
      isWholeSeconds: true,
      keepsRepeats: true,
    },
  ];
}

/** The batches in a destination's spool: taken ones stay in a file until all of it is. */
function recordsFor(spool: string, sink: string): readonly RecordPiece[] {
  const folder = join(spool, spoolFolder(sink));
  const files = readdirSync(folder).filter((name) => name.endsWith(".spool"));
  return files.flatMap((name) =>
    parseRecords(readFileSync(join(folder, name))).pieces.filter((piece) => piece.kind === "record"),
  );
}

function backlogOf(spool: string, sink: string): number {
  const records = recordsFor(spool, sink).toSorted((a, b) => a.id - b.id);
  return records.length - 1 - records.findLastIndex(({ isAcknowledged }) => isAcknowledged);
}

const secondOf = (ms: number): number => Math.floor(ms / 1000) * 1000;
const distinct = (times: Iterable<number>): number[] => [...new Set(times)];

testIf(
  isRoot,
  ...[
    "prometheus",
    "victoria-metrics",
    "influxd",
    "carbon-cache",
    "whisper-fetch",
    "zabbix_server",
    "psql",
  ].map(hasCommand),
)(
  `killed ${KILLS} times at random: every receiver has all that was on the disk, in order, and nothing else`,
  async () => {
    const targets = await startTargets();
    const reference = await startReceiver(cleanup);
    const spool = cleanup.temporaryFolder();
    const pushes = [reference.url, ...targets.map(({ url }) => url)].flatMap((url) => ["--push", url]);
    const flags = ["run", "--ip", "10.0.0.7", "--interval", "500ms", "--spool", spool];
    const start = () => startProgram(cleanup, programArgv("plimsoll-agent", ...flags, ...pushes));
    const sinks = [reference.url, ...targets.map(({ sink }) => sink)];
    const stored = new Map(sinks.map((sink) => [sink, new Set<number>()]));
    for (let kill = 0; kill < KILLS; kill++) {
      const agent = start();
      await agent.waitForLine(/"msg":"ready"/);
      await sleep(Math.random() * 1000);
      await agent.stop("SIGKILL");
      for (const [sink, times] of stored) {
        for (const { timeMs } of recordsFor(spool, sink)) times.add(timeMs);
      }
    }
    const last = start();
    const backlog = (): number => sinks.reduce((sum, sink) => sum + backlogOf(spool, sink), 0);
    await waitFor("the backlog to drain", () => backlog() === 0, 60_000);
    await last.stop();

    const values = reference.values("node_load1");
    const made = new Map(reference.times("node_load1").map((time, i) => [time, values[i]]));
    for (const { sink, points, isWholeSeconds, keepsRepeats } of targets) {
      const toReceiver = (time: number): number => (isWholeSeconds ? secondOf(time) : time);
      const expected = distinct([...(stored.get(sink) ?? [])].map(toReceiver));
      let got: readonly Point[] = [];
      const missing = (): number[] => {
        const times = new Set(got.map(([time]) => time));
        return expected.filter((time) => !times.has(time));
      };
      // Servers show what they have taken some moments later.
      await waitFor(`all samples in ${sink}`, async () => {
        got = await points();
        return missing().length === 0;
      }).catch(() => {});
      const times = got.map(([time]) => time);
      const firsts = isWholeSeconds || keepsRepeats ? distinct(times) : times;

      expect(expected.length).toBeGreaterThan(isWholeSeconds ? 20 : KILLS / 2);
      expect([sink, missing()]).toEqual([sink, []]);
      expect([sink, firsts]).toEqual([sink, distinct(times).sort((a, b) => a - b)]);
      if (isWholeSeconds) continue;
      const others = got.filter(([time, value]) => made.has(time) && made.get(time) !== value);
      expect([sink, others]).toEqual([sink, []]);
    }
  },
  400_000,
);
