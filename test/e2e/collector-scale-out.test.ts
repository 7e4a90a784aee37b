import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, fetch as fetchFrom } from "undici";
import { afterEach, expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand, testIf } from "../support/host.ts";
import { gauge, pushBody } from "../support/push.ts";
import { canConnect, makePrometheus, makeVictoriaMetrics, restartable } from "../support/receivers.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const AGENTS = 24;
const BALANCER = "127.0.0.3";
const startMs = Date.now() - 600_000;

/** One of two collectors: agents at `port`, through the balancer or not, pages at `url`. */
interface Instance {
  readonly port: number;
  readonly url: string;
  program: RunningProgram;
  start(): Promise<void>;
}

async function makeInstances(sinks: readonly string[]): Promise<readonly [Instance, Instance]> {
  const [ports, pages] = [
    [await freePort(), await freePort()],
    [await freePort(), await freePort()],
  ];
  const make = async (index: 0 | 1): Promise<Instance> => {
    const data = cleanup.temporaryFolder();
    const url = (at: number): string => `http://127.0.0.1:${pages[at]}`;
    const argv = programArgv("plimsoll-collector", "serve", "--data", data).concat(
      ...["--listen", `127.0.0.1:${ports[index]}`, "--admin-listen", `127.0.0.1:${pages[index]}`],
      ...["--proxy-from", BALANCER, "--peer", url(1 - index)],
      ...sinks.flatMap((sink) => ["--forward", sink]),
    );
    const run = async (): Promise<RunningProgram> => {
      const program = startProgram(cleanup, argv);
      await program.waitForLine(/"msg":"ready"/);
      return program;
    };
    const instance: Instance = {
      ...{ port: ports[index] ?? 0, url: url(index), program: await run() },
      start: async () => {
        instance.program = await run();
      },
    };
    return instance;
  };
  return [await make(0), await make(1)];
}

/** HAProxy as the example has it, before other collectors. */
async function startBalancer(instances: readonly Instance[]): Promise<number> {
  const port = await freePort();
  const example = readFileSync(join(packageDirectory(), "collector/platform/haproxy/haproxy.cfg"), "utf8");
  const servers = instances.map(
    ({ port: at }, index) => `    server ${index} 127.0.0.1:${at} source ${BALANCER}\n`,
  );
  const config = join(cleanup.temporaryFolder(), "haproxy.cfg");
  const [before = ""] = example
    .replace("bind :9465", `bind 127.0.0.1:${port}`)
    .replace("maxconn 60000", "maxconn 500")
    .split(/^ +server /m);
  writeFileSync(config, before + servers.join(""));
  await restartable(cleanup, ["haproxy", "-f", config, "-db"], () => canConnect(port)).start();
  return port;
}

/** A machine: what it pushes comes from its own address, one connection at a time. */
class Machine {
  readonly ip: string;
  acknowledged = 0;
  /** Answers other than 204. */
  readonly others = new Map<number | string, number>();
  readonly #agent: Agent;

  constructor(index: number) {
    this.ip = `127.1.0.${index + 1}`;
    this.#agent = new Agent({ localAddress: this.ip, connections: 1, headersTimeout: 5000 });
    cleanup.add("connections", () => this.#agent.destroy());
  }

  async push(port: number, body: Uint8Array): Promise<number | string> {
    const headers = { "content-type": "application/x-protobuf", "content-encoding": "snappy" };
    const init = { method: "POST", body: new Uint8Array(body), headers, dispatcher: this.#agent };
    return fetchFrom(`http://127.0.0.1:${port}/api/v1/write`, init).then(
      async (response) => {
        await response.text();
        return response.status;
      },
      () => "cut off",
    );
  }

  about(container: string, generation: number): ReturnType<typeof gauge> {
    const { ip } = this;
    const who = { owner: ip, container, generation: String(generation), host: "h" };
    return gauge("plimsoll_machine_info", { instance: ip, ip, ...who });
  }

  sequence(index: number): Uint8Array {
    const { ip } = this;
    return pushBody(gauge("sequence", { instance: ip, ip }, index, startMs + index), this.about("c", 1));
  }

  /** One after the other, each until it is acknowledged, as the agent does. */
  async run(port: number, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const status = await this.push(port, this.sequence(this.acknowledged));
      if (status === 204) this.acknowledged++;
      else this.others.set(status, (this.others.get(status) ?? 0) + 1);
      await sleep(status === 204 ? 20 : 100);
    }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests assert
async function getJson(url: string): Promise<any> {
  return (await fetch(url)).json();
}

const pageOf = async ({ url }: Instance): Promise<string> => (await fetch(`${url}/metrics`)).text();

async function hasDelivered(instance: Instance): Promise<boolean> {
  const queues = (await pageOf(instance)).matchAll(/^plimsoll_collector_sink_queue_bytes\{.*\} (\S+)$/gm);
  return [...queues].every(([, bytes]) => bytes === "0");
}

/** How often each machine's series is there, by what the server itself counts. */
async function counts(url: string): Promise<ReadonlyMap<string, number>> {
  const query = encodeURIComponent("count_over_time(sequence[1h])");
  const { data } = await getJson(`${url}/api/v1/query?query=${query}`);
  return new Map(
    data.result.map(({ metric, value }: { metric: { ip: string }; value: [number, string] }) => [
      metric.ip,
      Number(value[1]),
    ]),
  );
}

describeIf(
  hasCommand("haproxy"),
  hasCommand("prometheus"),
  hasCommand("victoria-metrics"),
)("two collectors behind one HAProxy", () => {
  testIf()(
    "share the load; whichever is killed, all that is acknowledged is in the sinks, once",
    async () => {
      const prometheus = await makePrometheus(cleanup, "1h");
      const victoria = await makeVictoriaMetrics(cleanup, "-dedup.minScrapeInterval=1ms");
      await Promise.all([prometheus.start(), victoria.start()]);
      const sinks = [prometheus, victoria].map(({ url }) => `remote-write+${url}/api/v1/write`);
      const [a, b] = await makeInstances(sinks);
      const port = await startBalancer([a, b]);
      const machines = Array.from({ length: AGENTS }, (_, index) => new Machine(index));
      const stop = new AbortController();
      const running = machines.map((machine) => machine.run(port, stop.signal));

      await waitFor("pushes of all", () => machines.every(({ acknowledged }) => acknowledged > 10), 30_000);
      const samplesOf = async (one: Instance): Promise<number> =>
        Number(/^plimsoll_collector_samples_total (\d+)$/m.exec(await pageOf(one))?.[1]);
      const shares = await Promise.all([a, b].map(samplesOf));
      expect(Math.min(...shares)).toBeGreaterThan(0);

      for (const [victim, other] of [
        [a, b],
        [b, a],
      ] as const) {
        // What the victim has acknowledged waits on its disk when it is killed …
        await prometheus.stop();
        await sleep(500);
        await victim.program.stop("SIGKILL");
        const before = machines.map(({ acknowledged }) => acknowledged);
        await waitFor(
          "its machines at the other one",
          () => machines.every(({ acknowledged }, index) => acknowledged > (before[index] ?? 0) + 20),
          30_000,
        );
        // … while what is newer goes out by the other one. Both are taken, whatever comes first.
        await prometheus.start();
        await waitFor("the newer ones", () => hasDelivered(other), 60_000);
        await victim.start();
        await sleep(3000); // it gets its machines back
      }
      stop.abort();
      await Promise.all(running);
      for (const instance of [a, b])
        await waitFor("what waited", () => hasDelivered(instance).catch(() => false), 60_000);

      const acknowledged = new Map(machines.map(({ ip, acknowledged: count }) => [ip, count]));
      expect(await counts(prometheus.url)).toEqual(acknowledged);
      await fetch(`${victoria.url}/internal/force_flush`);
      expect(await counts(victoria.url)).toEqual(acknowledged);
      for (const instance of [a, b]) {
        expect(await pageOf(instance)).not.toMatch(/sink_dropped_samples_total\{.*\} [1-9]/);
        const { machines: shown } = await getJson(`${instance.url}/api/v1/overview`);
        expect(shown.map(({ ip, state }: { ip: string; state: string }) => [ip, state]).sort()).toEqual(
          [...acknowledged.keys()].map((ip) => [ip, "reporting"]).sort(),
        );
        expect(await instance.program.stop()).toBe(0);
      }
    },
    240_000,
  );

  testIf()(
    "an answer that is lost counts once; who moves is not silent; who has a successor is refused by both",
    async () => {
      const prometheus = await makePrometheus(cleanup, "1h");
      await prometheus.start();
      const [a, b] = await makeInstances([`remote-write+${prometheus.url}/api/v1/write`]);
      const machine = new Machine(40);
      const body = machine.sequence(0);
      expect([await machine.push(a.port, body), await machine.push(b.port, body)]).toEqual([204, 204]);
      await waitFor("both deliveries", async () => (await hasDelivered(a)) && (await hasDelivered(b)));
      expect(await counts(prometheus.url)).toEqual(new Map([[machine.ip, 1]]));

      await machine.push(b.port, pushBody(machine.about("successor", 2)));
      const late = async (): Promise<boolean> => (await machine.push(a.port, machine.sequence(1))) === 409;
      await waitFor("the other to know", late, 10_000);
      const stop = new AbortController();
      const mover = new Machine(41);
      expect(await mover.push(a.port, mover.sequence(0))).toBe(204);
      const running = mover.run(b.port, stop.signal);
      // Longer than the patience with one that is not heard of.
      await sleep(38_000);
      for (const { url } of [a, b]) {
        expect(await getJson(`${url}/api/v1/machines/${mover.ip}`)).toMatchObject({ state: "reporting" });
        const { events } = await getJson(`${url}/api/v1/machines/${mover.ip}/events`);
        expect(events.map(({ kind }: { kind: string }) => kind)).toEqual(["first-seen"]);
      }
      stop.abort();
      await running;
      for (const { program } of [a, b]) expect(await program.stop()).toBe(0);
    },
    120_000,
  );
});

describeIf(hasCommand("haproxy"))("the example for HAProxy", () => {
  testIf()("is one that it takes", async () => {
    const path = join(packageDirectory(), "collector/platform/haproxy/haproxy.cfg");
    await exec(["haproxy", "-c", "-f", path]);
  });
});
