import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { decodeWriteRequest } from "../../core/metrics/remote-write-decode.ts";
import { decodeSnappy } from "../../core/metrics/snappy.ts";
import { exec } from "../../core/runtime/exec.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { canMakeCgroups } from "../support/host.ts";
import { startProgram } from "../support/run-program.ts";
import { makeCgroup, type TestCgroup } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";
import { type ProcessFigures, readFigures } from "./process-figures.ts";

/*
 * What one more agent costs on a dense host: N agents beside N of Debian's node_exporter, which is asked as often as
 * the agents push, and N idle node processes. All at once, so that whatever else the machine does falls on all.
 */

/** Of each; and how long each interval is looked at. */
const COUNT = Number(process.env.PLIMSOLL_BENCH_COUNT ?? 20);
const SECONDS = Number(process.env.PLIMSOLL_BENCH_SECONDS ?? 60);
/** The start is not what is measured: the first samples find out what there is, and at the third its garbage goes. */
const SKIPPED_SAMPLES = 5;
/** As long as receivers keep a connection that waits for the next sample. */
const KEEP_ALIVE_MS = 300_000;
const MIB = 2 ** 20;

/** The agent without the bundle: the gain of each step to what the launcher does. */
const FIRST_FLAGS = "--no-opt --max-old-space-size=32 --max-semi-space-size=1 --v8-pool-size=0".split(" ");

interface Contender {
  readonly name: string;
  readonly count: number;
  argv(index: number): Promise<readonly string[]>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Started {
  readonly contender: Contender;
  readonly pids: readonly number[];
  /** The last one's, alone in it. */
  readonly cgroup: TestCgroup | undefined;
}

interface Means extends ProcessFigures {
  readonly name: string;
  readonly chargedBytes: number;
  readonly cpuMsPerSecond: number;
  readonly wakeUpsPerSecond: number;
}

const root = packageDirectory();
const agentFile = join(root, "bin/plimsoll-agent");
const cleanup = new Cleanup();
try {
  console.log(`${COUNT} of each, on ${availableParallelism()} CPUs, load ${loadavg()[0]?.toFixed(1)}`);
  await printStarts();
  for (const seconds of [10, 1]) await compare(seconds);
} finally {
  await cleanup.run();
}

async function compare(intervalSeconds: number): Promise<void> {
  const interval = `${intervalSeconds}s`;
  const here = new Cleanup();
  try {
    const receiver = await startCountingReceiver(here);
    const exporters: number[] = [];
    const run = [
      "run",
      "--ip",
      "10.0.0.7",
      "--spool",
      "none",
      "--interval",
      interval,
      "--push",
      receiver.url,
    ];
    const agent = (name: string, count: number, before: readonly string[], env = {}): Contender => ({
      name,
      count,
      env,
      argv: async () => [...before, ...run, "--log-level", "error"],
    });
    const modules = join(root, "dist/agent/main.js");
    const few = Math.max(1, Math.floor(COUNT / 5));
    const contenders: readonly Contender[] = [
      agent("agent", COUNT, [agentFile]),
      {
        name: "node_exporter",
        count: COUNT,
        argv: async () => {
          const port = await freePort();
          exporters.push(port);
          return ["prometheus-node-exporter", `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"];
        },
      },
      {
        name: "idle node",
        count: COUNT,
        argv: async () => [process.execPath, "-e", "setInterval(() => {}, 1e4)"],
      },
      agent("step 0: node dist/agent/main.js", few, [process.execPath, modules]),
      agent("step 1: and the first flags", few, [process.execPath, ...FIRST_FLAGS, modules], {
        MALLOC_ARENA_MAX: "1",
        UV_THREADPOOL_SIZE: "8",
      }),
      agent(
        "step 2: as one file",
        few,
        [process.execPath, ...FIRST_FLAGS, join(root, "dist/plimsoll-agent.cjs")],
        {
          MALLOC_ARENA_MAX: "1",
          UV_THREADPOOL_SIZE: "8",
        },
      ),
    ];
    const started: Started[] = [];
    for (const contender of contenders) started.push(await start(here, contender));
    const pages = scrapeEvery(here, exporters, intervalSeconds * 1000);
    // And until what all of them started at once is over.
    await sleep(Math.max(SECONDS / 2, SKIPPED_SAMPLES * intervalSeconds) * 1000);
    const before = started.map(({ pids }) => pids.map(readFigures));
    const beforeMs = performance.now();
    await sleep(SECONDS * 1000);
    const means = started.map((one, i) => meanOf(one, before[i] ?? [], performance.now() - beforeMs));
    console.log(`\nsteady: without the first ${SKIPPED_SAMPLES} samples, ${SECONDS} s looked at`);
    print(interval, means);
    console.log(
      `bytes on the wire per sample: agent ${receiver.bytesPerSample().toFixed(2)}, node_exporter ${pages().toFixed(2)}`,
    );
  } finally {
    await here.run();
  }
}

async function start(here: Cleanup, contender: Contender): Promise<Started> {
  const pids: number[] = [];
  let cgroup: TestCgroup | undefined;
  for (let i = 0; i < contender.count; i++) {
    const argv = await contender.argv(i);
    const isLast = i === contender.count - 1;
    if (isLast && canMakeCgroups.met()) {
      await sleep(2000); // The others have everything in memory that can be shared.
      const name = contender.name.replaceAll(/[^a-z0-9]+/g, "-");
      cgroup = makeCgroup(here, `plimsoll-bench-${process.pid}-${name}`);
      const enter = ["sh", "-c", `echo $$ > ${cgroup.directory("memory")}/cgroup.procs && exec "$@"`, "sh"];
      pids.push(startProgram(here, [...enter, ...argv], { env: contender.env ?? {} }).pid);
    } else pids.push(startProgram(here, argv, { env: contender.env ?? {} }).pid);
  }
  return { contender, pids, cgroup };
}

function meanOf({ contender, pids, cgroup }: Started, before: readonly ProcessFigures[], ms: number): Means {
  const now = pids.map(readFigures);
  const mean = (of: (figures: ProcessFigures, i: number) => number): number =>
    now.map(of).reduce((sum, value) => sum + value, 0) / now.length;
  const perSecond = (key: "cpuMs" | "wakeUps"): number =>
    mean((figures, i) => figures[key] - (before[i]?.[key] ?? 0)) / (ms / 1000);
  return {
    name: contender.name,
    proportionalBytes: mean(({ proportionalBytes }) => proportionalBytes),
    anonymousBytes: mean(({ anonymousBytes }) => anonymousBytes),
    chargedBytes: cgroup?.usageBytes() ?? Number.NaN,
    cpuMs: mean(({ cpuMs }) => cpuMs),
    wakeUps: mean(({ wakeUps }) => wakeUps),
    threads: mean(({ threads }) => threads),
    children: mean(({ children }) => children),
    cpuMsPerSecond: perSecond("cpuMs"),
    wakeUpsPerSecond: perSecond("wakeUps"),
  };
}

function print(interval: string, rows: readonly Means[]): void {
  console.log(`every ${interval}, load ${loadavg()[0]?.toFixed(1)}`);
  console.log(`${"".padEnd(34)}PSS MiB  anon MiB  charge MiB  CPU ms/s  wake-ups/s  threads  children`);
  for (const row of rows) {
    const { proportionalBytes, anonymousBytes, chargedBytes } = row;
    const columns = [
      ...[proportionalBytes, anonymousBytes, chargedBytes].map((bytes) => (bytes / MIB).toFixed(2)),
      row.cpuMsPerSecond.toFixed(3),
      row.wakeUpsPerSecond.toFixed(1),
      row.threads.toFixed(0),
      row.children.toFixed(0),
    ];
    console.log(
      row.name.padEnd(34) +
        columns.map((text, i) => text.padStart([7, 10, 12, 10, 12, 9, 10][i] ?? 0)).join(""),
    );
  }
  const [agent, exporter, idle] = rows;
  if (agent === undefined || exporter === undefined || idle === undefined) return;
  const ratio = (other: Means, of: (row: Means) => number): string => (of(agent) / of(other)).toFixed(2);
  for (const other of [exporter, idle]) {
    const pss = ratio(other, ({ proportionalBytes }) => proportionalBytes);
    const anonymous = ratio(other, ({ anonymousBytes }) => anonymousBytes);
    const cpu = ratio(other, ({ cpuMsPerSecond }) => cpuMsPerSecond);
    console.log(`agent / ${other.name}: PSS ${pss}, anonymous ${anonymous}, CPU ${cpu}`);
  }
}

interface CountingReceiver {
  readonly url: string;
  bytesPerSample(): number;
}

async function startCountingReceiver(here: Cleanup): Promise<CountingReceiver> {
  let bytes = 0;
  let samples = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      if (body.length > 0) {
        bytes += body.length;
        const { series } = decodeWriteRequest(decodeSnappy(body, 64 * MIB));
        samples += series.reduce((sum, one) => sum + one.samples.length, 0);
      }
      response.writeHead(request.method === "POST" ? 204 : 405).end();
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  here.add("receiver", () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `remote-write+http://127.0.0.1:${port}/`, bytesPerSample: () => bytes / samples };
}

/** Asks each exporter once an interval, spread over it; gives the bytes of a compressed page per sample. */
function scrapeEvery(here: Cleanup, ports: readonly number[], intervalMs: number): () => number {
  let bytes = 0;
  let samples = 0;
  const timers = ports.map((port, i) => {
    const scrape = (): void =>
      void fetchPage(port).then(
        (page) => {
          bytes += page.length;
          samples += gunzipSync(page)
            .toString()
            .split("\n")
            .filter((line) => /^[^#]/.test(line)).length;
        },
        () => {},
      );
    return setTimeout(() => timers.push(setInterval(scrape, intervalMs)), (i * intervalMs) / ports.length);
  });
  here.add("scrapes", () => {
    for (const timer of timers) clearTimeout(timer);
  });
  return () => bytes / samples;
}

function fetchPage(port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = { "accept-encoding": "gzip" };
    get({ host: "127.0.0.1", port, path: "/metrics", headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks)));
    }).on("error", reject);
  });
}

/** From nothing to a sample in somebody's hands. */
async function printStarts(): Promise<void> {
  const timed = async (body: () => Promise<unknown>): Promise<number> => {
    const runs: number[] = [];
    for (let i = 0; i < 5; i++) {
      const startMs = performance.now();
      await body();
      runs.push(performance.now() - startMs);
    }
    return runs.sort((a, b) => a - b)[2] ?? Number.NaN;
  };
  const agentMs = await timed(() => exec([agentFile, "once", "--ip", "10.0.0.7"]));
  const exporterMs = await timed(async () => {
    const port = await freePort();
    const program = startProgram(cleanup, [
      "prometheus-node-exporter",
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    await waitFor("a page", () =>
      fetchPage(port).then(
        () => true,
        () => false,
      ),
    );
    await program.stop();
  });
  console.log(
    `start to first sample: agent ${agentMs.toFixed(0)} ms, node_exporter ${exporterMs.toFixed(0)} ms`,
  );
}
