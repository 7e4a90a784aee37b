import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { decodeWriteRequest } from "../../core/metrics/remote-write-decode.ts";
import { decodeSnappy } from "../../core/metrics/snappy.ts";
import { exec } from "../../core/runtime/exec.ts";
import { isIntact, parseRecords } from "../../core/runtime/spool-record.ts";
import { Cleanup } from "../support/cleanup.ts";
import { isRoot, testIf } from "../support/host.ts";
import { startReceiver } from "../support/remote-write-receiver.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const KILLS = 50;

/** `time value` of every sample of node_load1 in a body, its end left out. */
function loadIn(body: Uint8Array): string[] {
  return decodeWriteRequest(decodeSnappy(body, 10_000_000))
    .series.filter(({ name }) => name === "node_load1")
    .flatMap(({ samples }) => samples.map(({ timestampMs, value }) => `${timestampMs} ${value}`));
}

/** The bodies that wait in a spool's folder, by the time of their samples. */
function waitingIn(spool: string): string[] {
  const files = readdirSync(spool, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".spool"),
  );
  return files.sort().flatMap((file) => {
    const records = parseRecords(readFileSync(join(spool, file))).pieces.filter(
      (piece) => piece.kind === "record",
    );
    const done = records.findLastIndex(({ isAcknowledged }) => isAcknowledged);
    return records
      .slice(done + 1)
      .filter(isIntact)
      .flatMap(({ body }) => loadIn(body));
  });
}

test(`killed ${KILLS} times at random: what was on the disk arrives, in order; what comes twice is the same`, async () => {
  const received: string[] = [];
  const waited = new Set<string>();
  let isWell = true;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method !== "POST") return void response.writeHead(405).end();
      if (!isWell) return void response.writeHead(503).end();
      received.push(...loadIn(Buffer.concat(chunks)));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("server", () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const spool = cleanup.temporaryFolder();
  const flags = ["run", "--ip", "10.0.0.7", "--interval", "100ms", "--spool", spool];
  const push = ["--push", `remote-write+http://127.0.0.1:${port}/api/v1/write`];
  const start = () => startProgram(cleanup, programArgv("plimsoll-agent", ...flags, ...push));

  for (let kill = 0; kill < KILLS; kill++) {
    isWell = kill % 10 < 6;
    const agent = start();
    await agent.waitForLine(/"msg":"ready"/);
    await sleep(Math.random() * 400);
    await agent.stop("SIGKILL");
    for (const sample of waitingIn(spool)) waited.add(sample);
  }
  isWell = true;
  const last = start();
  await waitFor("the backlog to drain", () => waitingIn(spool).length === 0, 30_000);
  await last.stop();

  const distinct = [...new Set(received)].filter((sample) => !sample.endsWith("NaN"));
  expect(waited.size).toBeGreaterThan(10);
  expect([...waited].filter((sample) => !received.includes(sample))).toEqual([]);
  // One value for each time, and in order: a second delivery repeats the first.
  const times = distinct.map((sample) => Number.parseInt(sample, 10));
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
}, 240_000);

testIf(isRoot)(
  "a disk that is full holds up nothing that a receiver takes, and is used again when it is not",
  async () => {
    const disk = cleanup.temporaryFolder();
    await exec(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk]);
    cleanup.add("tmpfs", async () => void (await exec(["umount", "-l", disk])));
    const spool = join(disk, "spool");
    mkdirSync(spool);
    await exec(["dd", "if=/dev/zero", `of=${join(disk, "ballast")}`, "bs=4k", "count=1000"], {
      okCodes: [0, 1],
    });
    const receiver = await startReceiver(cleanup);
    const flags = [
      "run",
      "--ip",
      "10.0.0.7",
      "--interval",
      "100ms",
      "--spool",
      spool,
      "--push",
      receiver.url,
    ];
    const agent = startProgram(cleanup, programArgv("plimsoll-agent", ...flags));
    await waitFor("samples in spite of it", () => receiver.requests.length >= 5);
    expect(agent.lines.some((line) => /cannot be (written|used)/.test(line))).toBe(true);
    await exec(["rm", join(disk, "ballast")]);
    await waitFor("samples afterwards", () => receiver.requests.length >= 15);
    await agent.waitForLine(/spool can be written again/);
    await agent.stop();

    const times = receiver.times("node_load1");
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  },
);
