import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeBlock } from "../../collector/history/block.ts";
import { ProtoReader, tagOf, WIRE } from "../../core/metrics/protobuf.ts";
import { encodeWriteRequest, FIELD, REMOTE_WRITE_HEADERS } from "../../core/metrics/remote-write.ts";
import type { Series } from "../../core/metrics/series.ts";
import { decodeSnappy, encodeSnappy } from "../../core/metrics/snappy.ts";
import { exec, startProcess } from "../../core/runtime/exec.ts";
import { packageDirectory } from "../../core/runtime/version.ts";

/*
 * Agents of 150 series each that push every ten seconds, spread evenly, at one receiver on one core after
 * the other: the collector in memory, with its history on disk, handing on as well to a sink that takes
 * everything, and Debian's Prometheus and VictoriaMetrics.
 * PLIMSOLL_BENCH_AGENTS and PLIMSOLL_BENCH_SECONDS change the load, PLIMSOLL_BENCH_ONLY what is measured.
 */

const AGENTS = Number(process.env.PLIMSOLL_BENCH_AGENTS ?? 5000);
const SECONDS = Number(process.env.PLIMSOLL_BENCH_SECONDS ?? 40);
const ONLY = process.env.PLIMSOLL_BENCH_ONLY ?? "";
const SERIES = 150;
const INTERVAL_MS = 10_000;
/** Pushes that wait for an answer; a receiver that is slower holds up the agents. */
const MAX_OPEN = 1000;
const PORT = 19_500;
const SINK_PORT = 19_501;
const CORE = "0";
const SERIES_TAG = tagOf(FIELD.request.series, WIRE.bytes);
/** Uncompressed, of one delivery: more than the collector makes. */
const MAX_DELIVERY = 64 * 1024 * 1024;

interface Receiver {
  readonly name: string;
  readonly argv: readonly string[];
  readonly path: string;
  readonly ready: string;
}

interface Figures {
  readonly name: string;
  readonly pushes: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMiB: number;
  readonly cpuPercent: number;
  readonly scrapeMiB: number | undefined;
  /** Samples a second that its sink has taken. */
  readonly handedOn: number | undefined;
}

const folder = mkdtempSync(join(tmpdir(), "plimsoll-bench-"));
let handedOn = 0;
const sink = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.once("end", () => {
    handedOn += seriesIn(decodeSnappy(Buffer.concat(chunks), MAX_DELIVERY));
    response.writeHead(204).end();
  });
}).listen(SINK_PORT, "127.0.0.1");
try {
  printStored();
  printHead();
  for (const receiver of await receivers()) printFigures(await measure(receiver));
} finally {
  sink.close();
  sink.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}

async function receivers(): Promise<readonly Receiver[]> {
  const collector = (data: string, ...more: readonly string[]): readonly string[] => {
    const main = join(packageDirectory(), "bin/plimsoll-collector");
    return [main, "serve", "--listen", `127.0.0.1:${PORT}`, "--trust", "any", "--data", data, ...more];
  };
  writeFileSync(join(folder, "prometheus.yml"), "global: {}\n");
  const all: readonly Receiver[] = [
    { name: "collector, memory", argv: collector("none"), path: "/api/v1/write", ready: "/healthz" },
    {
      name: "collector, history",
      argv: collector(join(folder, "data")),
      path: "/api/v1/write",
      ready: "/healthz",
    },
    {
      name: "collector, handing on",
      argv: collector(
        join(folder, "data-2"),
        ...["--forward", `remote-write+http://127.0.0.1:${SINK_PORT}/api/v1/write`],
      ),
      path: "/api/v1/write",
      ready: "/healthz",
    },
    {
      name: "prometheus",
      argv: [
        "prometheus",
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/prometheus`,
        `--web.listen-address=127.0.0.1:${PORT}`,
        "--web.enable-remote-write-receiver",
      ],
      path: "/api/v1/write",
      ready: "/-/ready",
    },
    {
      name: "victoria-metrics",
      argv: [
        "victoria-metrics",
        `-storageDataPath=${folder}/victoria`,
        `-httpListenAddr=127.0.0.1:${PORT}`,
        "-memory.allowedPercent=5",
      ],
      path: "/api/v1/write",
      ready: "/health",
    },
  ];
  const found = await Promise.all(
    all.map(
      async ({ argv: [command = ""] }) => (await exec(["which", command], { okCodes: [0, 1] })).code === 0,
    ),
  );
  return all.filter(({ name }, index) => found[index] && name.includes(ONLY));
}

async function measure(receiver: Receiver): Promise<Figures> {
  const child = startProcess(["taskset", "-c", CORE, ...receiver.argv], { stdio: "ignore", detached: true });
  const pid = child.pid ?? 0;
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    await untilReady(receiver.ready);
    await load(receiver.path, 0); // Every series is made once, before anything is measured.
    const cpuMs = cpuTimeMs(pid);
    const isOurs = receiver.name.startsWith("collector");
    const handedOnBefore = handedOn;
    const { millis, failed } = await load(receiver.path, SECONDS);
    millis.sort((a, b) => a - b);
    const cpuPercent = (cpuTimeMs(pid) - cpuMs) / (SECONDS * 10);
    const residentMiB = statusMiB(pid, "VmRSS");
    const rate = (handedOn - handedOnBefore) / SECONDS;
    const scrapeMiB = isOurs ? await scrape(pid) : undefined;
    const at = (part: number): number => millis[Math.floor((millis.length - 1) * part)] ?? Number.NaN;
    const { name } = receiver;
    return {
      name,
      pushes: millis.length,
      failed,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      residentMiB,
      cpuPercent,
      scrapeMiB,
      handedOn: rate > 0 ? rate : undefined,
    };
  } finally {
    process.kill(-pid, "SIGKILL");
    await ended;
  }
}

/** Pushes of all agents for so many seconds, at the pace they would have; once each with 0. */
async function load(path: string, seconds: number): Promise<{ millis: number[]; failed: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const millis: number[] = [];
  let failed = 0;
  const startMs = Date.now();
  const count = Math.max(AGENTS, (AGENTS * seconds * 1000) / INTERVAL_MS);
  // Even the first time no faster than a queue can be handed on.
  const paceMs = seconds === 0 ? 1 : INTERVAL_MS / AGENTS;
  let open = 0;
  let wake = (): void => {};
  const finish = (began: number, isTaken: boolean): void => {
    millis.push(performance.now() - began);
    if (!isTaken) failed++;
    open--;
    wake();
  };
  const fewer = async (most: number): Promise<void> => {
    while (open > most) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  for (let i = 0; i < count; i++) {
    const dueMs = startMs + i * paceMs;
    if (dueMs > Date.now() + 1) await new Promise((resolve) => setTimeout(resolve, dueMs - Date.now()));
    await fewer(MAX_OPEN);
    const began = performance.now();
    open++;
    void post(agent, path, pushOf(i % AGENTS, Date.now())).then((isTaken) => finish(began, isTaken));
  }
  await fewer(0);
  agent.destroy();
  return { millis, failed };
}

function post(agent: Agent, path: string, body: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { ...REMOTE_WRITE_HEADERS, "content-length": body.length };
    const call = request({ port: PORT, path, method: "POST", headers, agent }, (response) => {
      response.resume();
      response.once("end", () => resolve((response.statusCode ?? 500) < 300));
    });
    call.once("error", () => resolve(false));
    call.end(body);
  });
}

function pushOf(index: number, nowMs: number): Uint8Array {
  const ip = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  const identity = { instance: ip, ip, hostname: `web-${index}`, type: "container" };
  return encodeSnappy(encodeWriteRequest([{ identity, series: seriesAt(nowMs) }], []));
}

/** A third stands still, a third counts, a third moves about: what a container's agent sends. */
function seriesAt(nowMs: number): readonly Series[] {
  return Array.from({ length: SERIES }, (_, i): Series => {
    const [counts, moves] = [Math.floor(nowMs / 10) * (i + 1), Math.round(Math.random() * 1000) * 4096];
    const value = [16_777_216_000, counts / 100, 8e9 + moves][i % 3] ?? 0;
    const labels = { device: `device${i % 10}`, mode: `mode${i % 7}` };
    return {
      name: `bench_series_${i}`,
      kind: "gauge",
      help: "",
      labels,
      samples: [{ timestampMs: nowMs, value }],
    };
  });
}

function printStored(): void {
  const [pushes, startMs] = [360, Date.now()];
  const series = Array.from({ length: pushes }, (_, i) => seriesAt(startMs + i * INTERVAL_MS + (i % 5)));
  const columns = Array.from({ length: SERIES }, (_, id) => {
    const samples = series.flatMap((each) => each[id]?.samples ?? []);
    return {
      id,
      times: samples.map(({ timestampMs }) => timestampMs),
      values: samples.map(({ value }) => value),
    };
  });
  const bytes = encodeBlock(columns).length / (pushes * SERIES);
  console.log(`an hour of one agent: ${bytes.toFixed(2)} bytes per stored sample\n`);
}

async function untilReady(path: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const { ok } = await fetch(`http://127.0.0.1:${PORT}${path}`).catch(() => ({ ok: false }));
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the receiver is not ready within 30 s");
}

/** How many there are in a request of remote write 1.0; each has one sample here. */
function seriesIn(request: Uint8Array): number {
  const reader = new ProtoReader(request);
  let series = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === SERIES_TAG) series++;
    reader.skip(tag);
  }
  return series;
}

/** The greatest resident memory while the whole page is read. */
async function scrape(pid: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${PORT}/metrics`);
  for await (const _ of response.body ?? []);
  return statusMiB(pid, "VmHWM");
}

function statusMiB(pid: number, key: string): number {
  return (
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) /
    1024
  );
}

/** User and system time, of all threads, in the kernel's hundredths of a second. */
function cpuTimeMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function printHead(): void {
  console.log(`${AGENTS} agents × ${SERIES} series every ${INTERVAL_MS / 1000} s, ${SECONDS} s, on one core`);
  console.log(
    "receiver                 pushes  failed    p50 ms    p99 ms   RSS MiB   CPU %   peak with /metrics   handed on /s",
  );
}

function printFigures(one: Figures): void {
  const columns = [one.p50Ms, one.p99Ms, one.residentMiB, one.cpuPercent].map((value) => value.toFixed(1));
  const widths = [10, 10, 10, 8];
  const text = columns.map((column, i) => column.padStart(widths[i] ?? 0)).join("");
  const peak = one.scrapeMiB === undefined ? "" : `${one.scrapeMiB.toFixed(1)} MiB`.padStart(16);
  const handed = one.handedOn ? one.handedOn.toFixed(0).padStart(19) : "";
  console.log(
    `${one.name.padEnd(22)}${String(one.pushes).padStart(9)}${String(one.failed).padStart(8)}${text}${peak}${handed}`,
  );
}
