import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Agent } from "../../../agent/agent.ts";
import { openLogger } from "../../../agent/log.ts";
import { type AgentOptions, type Flags, readOptions } from "../../../agent/options.ts";
import { systemClock } from "../../../core/runtime/clock.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { freePort } from "../../support/free-port.ts";
import { startReceiver } from "../../support/remote-write-receiver.ts";
import { waitFor } from "../../support/wait-for.ts";

const cleanup = new Cleanup();
// The process is the test runner's, and larger than an agent may be.
beforeEach(() => vi.stubEnv("PLIMSOLL_AGENT_MAX_MEMORY", "4096MiB"));
afterEach(() => {
  vi.unstubAllEnvs();
  return cleanup.run();
});

const BASE: Flags = { ip: "10.0.0.7", interval: "100ms", spool: "none", sources: "no-filesystem" };

function start(usedCpuMs?: () => number): {
  agent: Agent;
  lines: string[];
  end: () => Promise<void>;
  running: Promise<void>;
} {
  const lines: string[] = [];
  const agent = new Agent(
    systemClock,
    openLogger("info", (line) => lines.push(line)),
    usedCpuMs,
  );
  const stop = new AbortController();
  const running = agent.run(stop.signal);
  running.catch(() => {});
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  cleanup.add("agent", () => end().catch(() => {}));
  return { agent, lines, end, running };
}

const withLimits = async (flags: Flags, limits: Partial<AgentOptions["limits"]>): Promise<AgentOptions> => {
  const options = await readOptions(flags);
  return { ...options, limits: { ...options.limits, ...limits } };
};

test("another configuration is taken on between two samples: series go on, and what it refuses changes nothing", async () => {
  const [one, other] = [await startReceiver(cleanup), await startReceiver(cleanup)];
  const { agent, end } = start();
  await agent.change(() => readOptions({ ...BASE, push: [one.url] }));
  await waitFor("samples", () => one.requests.length > 2);
  await agent.change(() => readOptions({ ...BASE, push: [one.url, other.url] }));
  await waitFor("samples there too", () => other.requests.length > 2);
  const taken = await freePort();
  await expect(
    agent.change(() => readOptions({ ...BASE, push: [other.url], listen: `192.0.2.1:${taken}` })),
  ).rejects.toThrow("listen on");
  expect(agent.destinations).toHaveLength(2);
  await waitFor("the failure", () => one.values("plimsoll_agent_config_last_reload_successful").includes(0));
  await end();

  const times = one.times("node_load1");
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  // Only the last one ends the series.
  expect(one.values("node_load1").filter(Number.isNaN)).toHaveLength(1);
});

test("the series of a source that is switched off end", async () => {
  const receiver = await startReceiver(cleanup);
  const { agent } = start();
  const flags = { ...BASE, push: [receiver.url] };
  await agent.change(() => readOptions(flags));
  await waitFor("samples", () => receiver.values("node_load1").length > 1);
  await agent.change(() => readOptions({ ...flags, sources: "no-filesystem,no-loadavg" }));
  await waitFor("the end", () => receiver.values("node_load1").some(Number.isNaN));
  const from = receiver.requests.length;
  await waitFor("more samples", () => receiver.requests.length > from + 2);

  expect(receiver.values("node_load1").filter(Number.isNaN)).toHaveLength(1);
  expect(receiver.values("node_load1").at(-1)).toBeNaN();
});

test("it is scraped, and says how it is", async () => {
  const { agent } = start();
  const port = await freePort();
  await agent.change(() => readOptions({ ...BASE, listen: `127.0.0.1:${port}` }));
  const get = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
  await waitFor("the page", async () => /^node_load1 /m.test(await (await get("/metrics")).text()));
  expect((await get("/healthz")).status).toBe(200);
  expect((await get("/readyz")).status).toBe(200);
  await agent.change(() => readOptions({ ...BASE, listen: `127.0.0.1:${port}`, interval: "1s" }));
  expect((await get("/healthz")).status).toBe(200);
  await agent.change(() => readOptions({ ...BASE, push: ["remote-write+http://127.0.0.1:1/"] }));

  await expect(get("/healthz")).rejects.toThrow();
});

test("more memory than it may have ends it, after the flush, as a failure", async () => {
  const receiver = await startReceiver(cleanup);
  const { agent, running } = start();
  await agent.change(() => withLimits({ ...BASE, push: [receiver.url] }, { memoryBytes: 1 }));

  await expect(running).rejects.toMatchObject({ code: "OVER_MEMORY" });
  expect(receiver.times("node_load1").length).toBeGreaterThan(0);
});

test("more CPU time than it may have is waited out", async () => {
  const receiver = await startReceiver(cleanup);
  let usedMs = 0;
  const { agent, lines } = start(() => usedMs);
  await agent.change(() => withLimits({ ...BASE, push: [receiver.url] }, { cpuShare: 0.1 }));
  await waitFor("the first sample", () => receiver.requests.length > 0);
  usedMs = 10_000;
  await waitFor("the wait", () => lines.some((line) => line.includes("over its share of CPU time")));
  const before = receiver.times("node_load1").length;
  await new Promise((resolve) => setTimeout(resolve, 500));

  expect(receiver.times("node_load1").length).toBeLessThanOrEqual(before + 1);
});
