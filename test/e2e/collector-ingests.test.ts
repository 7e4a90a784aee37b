import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, expect } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { hasCommand, testIf } from "../support/host.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const IP = "10.0.0.7";

async function startCollector(): Promise<{ url: string; program: RunningProgram }> {
  const flags = ["serve", "--listen", "127.0.0.1:0", "--trust", "any", "--data", "none"];
  const program = startProgram(cleanup, programArgv("plimsoll-collector", ...flags));
  const { addresses } = JSON.parse(await program.waitForLine(/"msg":"ready"/));
  return { url: `http://${addresses[0]}`, program };
}

const page = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();

testIf()("by whichever protocol our agent pushes, its series are the same", async () => {
  const { url, program } = await startCollector();
  const pushes = {
    "remote-write": `remote-write+${url}/api/v1/write`,
    "remote-write-v2": `remote-write-v2+${url}/api/v1/write`,
    otlp: `otlp+${url}`,
    influx: `influx+${url}`,
    falcon: `falcon+${url}`,
  };
  const flags = [
    "run",
    "--ip",
    IP,
    "--interval",
    "1s",
    "--spool",
    "none",
    ...Object.values(pushes).flatMap((to) => ["--push", to]),
  ];
  const agent = startProgram(cleanup, programArgv("plimsoll-agent", ...flags));
  const taken = await waitFor("three pushes by each protocol", async () => {
    const text = await page(url);
    const counted = Object.keys(pushes).map((name) =>
      new RegExp(`requests_total\\{code="20[04]",ingest="${name}"\\} ([3-9]|\\d\\d)`).test(text),
    );
    return counted.every(Boolean) && text;
  });
  expect(taken).not.toMatch(/requests_total\{code="[45]/);
  // One line of each: the same labels, however they came.
  for (const name of [
    "node_load1",
    "node_memory_MemTotal_bytes",
    "node_boot_time_seconds",
    "node_context_switches_total",
  ]) {
    const lines = taken.match(new RegExp(`^${name}\\{.*$`, "gm")) ?? [];
    expect(lines, name).toHaveLength(1);
    expect(lines[0]).toContain(`instance="${IP}"`);
  }
  expect(taken).toMatch(new RegExp(`^load_1min\\{.*instance="${IP}"`, "m"));
  expect([0, "SIGTERM"]).toContain(await agent.stop());
  expect(await program.stop()).toBe(0);
});

testIf(hasCommand("vmagent"))("from a real vmagent, which was pushed to itself", async () => {
  const { url } = await startCollector();
  const folder = cleanup.temporaryFolder();
  const port = await freePort();
  writeFileSync(join(folder, "scrape.yml"), "scrape_configs: []\n");
  const argv = [
    "vmagent",
    `-promscrape.config=${join(folder, "scrape.yml")}`,
    `-remoteWrite.url=${url}/api/v1/write`,
    `-remoteWrite.tmpDataPath=${join(folder, "queue")}`,
    `-httpListenAddr=127.0.0.1:${port}`,
  ];
  startProgram(cleanup, argv);
  const vmagent = `http://127.0.0.1:${port}`;
  await waitFor("vmagent", async () => (await fetch(`${vmagent}/health`).catch(() => undefined))?.ok);
  await fetch(`${vmagent}/write`, { method: "POST", body: `cpu,ip=${IP} idle=97.5` });
  await waitFor("the sample", async () => (await page(url)).includes(`cpu_idle{ip="${IP}"} 97.5`));
});

testIf()("bombs are refused before they are made", async () => {
  const { url, program } = await startCollector();
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "), { level: 9 });
  const post = async (path: string, encoding: string): Promise<number> => {
    const headers = { "content-encoding": encoding, "content-type": "application/json" };
    return (await fetch(url + path, { method: "POST", headers, body: bomb })).status;
  };
  const paths = ["/v1/metrics", "/write", "/v1/push", `/metrics/job/a/instance/${IP}`];
  expect(await Promise.all(paths.map((path) => post(path, "gzip")))).toEqual([413, 413, 413, 413]);
  expect(await Promise.all(paths.map((path) => post(path, "zstd")))).toEqual([415, 415, 415, 415]);
  expect(await program.stop()).toBe(0);
});
