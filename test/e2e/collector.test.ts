import { afterEach, expect } from "vitest";
import { type Series, staleSample } from "../../core/metrics/series.ts";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand, testIf } from "../support/host.ts";
import { startPrometheus, startPrometheusAgent } from "../support/prometheus.ts";
import { gauge, push, pushBody } from "../support/push.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const hasPrometheus = hasCommand("prometheus");
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const IP = "10.11.12.13";

async function startCollector(...args: readonly string[]): Promise<{ url: string; program: RunningProgram }> {
  const argv = programArgv(
    "plimsoll-collector",
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--trust",
    "any",
    "--data",
    cleanup.temporaryFolder(),
    ...args,
  );
  const program = startProgram(cleanup, argv);
  const { addresses } = JSON.parse(await program.waitForLine(/"msg":"ready"/));
  return { url: `http://${addresses[0]}`, program };
}

const text = async (url: string): Promise<string> => (await fetch(url)).text();

async function pushTo(collector: { readonly url: string }, ...series: readonly Series[]): Promise<void> {
  const { status } = await push(`${collector.url}/api/v1/write`, pushBody(...series));
  expect(status).toBe(204);
}

describeIf(hasPrometheus)("into a real Prometheus", () => {
  testIf()("what is pushed can be asked for there by IP, and ends with a stale marker", async () => {
    const prometheus = await startPrometheus(cleanup);
    const collector = await startCollector("--forward", `remote-write+${prometheus.url}/api/v1/write`);
    const labels = { instance: IP, ip: IP, mount: 'a"b\\c é' };
    await pushTo(
      collector,
      gauge("plimsoll_test", labels, 2.5),
      gauge("plimsoll_nan", { instance: IP }, Number.NaN),
    );

    const [result] = await waitFor("the sample", async () => {
      const results = await prometheus.query(`plimsoll_test{instance="${IP}"}`);
      return results.length > 0 && results;
    });
    expect(result).toEqual({ metric: { __name__: "plimsoll_test", ...labels }, value: "2.5" });
    expect((await prometheus.query("plimsoll_nan"))[0]?.value).toBe("NaN");

    await pushTo(collector, { ...gauge("plimsoll_test", labels), samples: [staleSample(Date.now())] });
    await waitFor(
      "the end of the series",
      async () => (await prometheus.query("plimsoll_test")).length === 0,
    );
    expect(await text(`${collector.url}/metrics`)).not.toContain("plimsoll_test{");
    expect(await collector.program.stop()).toBe(0);
  });

  testIf()("what waited while it was away arrives", async () => {
    const port = await freePort();
    const collector = await startCollector("--forward", `remote-write+http://127.0.0.1:${port}/api/v1/write`);
    for (const index of ["0", "1", "2"]) {
      await pushTo(collector, gauge("plimsoll_waited", { instance: IP, index }));
    }
    await collector.program.waitForLine(/sink does not take samples/);

    const prometheus = await startPrometheus(cleanup, port);
    await waitFor(
      "every sample",
      async () => (await prometheus.query("plimsoll_waited")).length === 3,
      60_000,
    );
    await collector.program.waitForLine(/sink takes samples again/);
    expect(await collector.program.stop()).toBe(0);
  });

  testIf()("one sample that it refuses costs no other, though it refuses the whole request", async () => {
    const prometheus = await startPrometheus(cleanup);
    const collector = await startCollector("--forward", `remote-write+${prometheus.url}/api/v1/write`);
    const now = Date.now();
    const ordered = (timestampMs: number): Series => gauge("ordered", { instance: IP }, 1, timestampMs);
    await pushTo(collector, ordered(now));
    await waitFor("the newer sample", async () => (await prometheus.query("ordered")).length === 1);

    // While Prometheus stands still the first push is on its way and the others become one request.
    process.kill(prometheus.program.pid, "SIGSTOP");
    for (const index of ["0", "1", "2", "3"]) {
      await pushTo(collector, gauge("good", { instance: IP, index }));
      if (index === "1") await pushTo(collector, gauge("too_old", { instance: IP }, 1, now - 10_800_000));
      // Known to be older than what has been sent: it does not even set out.
      if (index === "2") await pushTo(collector, ordered(now - 60_000));
    }
    process.kill(prometheus.program.pid, "SIGCONT");

    await waitFor("every other sample", async () => (await prometheus.query("good")).length === 4);
    await collector.program.waitForLine(/"reason":"HTTP 400: out of bounds".*"sink refuses samples"/);
    expect(await text(`${collector.url}/metrics`)).toMatch(
      /sink_dropped_samples_total\{reason="refused",[^}]*\} 1\n/,
    );
    expect(await collector.program.stop()).toBe(0);
  });

  testIf()("SIGTERM: what is queued is delivered first", async () => {
    const prometheus = await startPrometheus(cleanup);
    const collector = await startCollector("--forward", `remote-write+${prometheus.url}/api/v1/write`);
    await pushTo(collector, gauge("plimsoll_last", { instance: IP }));
    expect(await collector.program.stop()).toBe(0);
    expect(await prometheus.query("plimsoll_last")).toHaveLength(1);
  });
});

describeIf(hasPrometheus, hasCommand("promtool"))("from a real Prometheus agent", () => {
  testIf()("its scrapes are there by IP, with kind and help, on a page its own linter takes", async () => {
    const collector = await startCollector();
    const agent = await startPrometheusAgent(cleanup, `${collector.url}/api/v1/write`, IP);
    const page = await waitFor(
      "samples and metadata",
      async () => {
        const latest = await text(`${collector.url}/metrics`);
        return (
          latest.includes(`up{job="self",instance="${IP}"} 1`) && latest.includes(" histogram\n") && latest
        );
      },
      60_000,
    );
    expect(page).toContain("# TYPE prometheus_http_request_duration_seconds histogram\n");
    expect(page).toContain("# TYPE process_cpu_seconds_total counter\n");

    const { values, labels } = JSON.parse(await text(`${collector.url}/api/v1/machines/${IP}`));
    expect(labels).toEqual({ instance: IP, job: "self" });
    expect(values.length).toBeGreaterThan(100);
    // 3 is an opinion on names, and Prometheus' are not ours; 1 would be a page that cannot be read.
    const { code, stderr } = await exec(["promtool", "check", "metrics"], { input: page, okCodes: [0, 3] });
    expect([code, stderr.match(/^plimsoll.*/gm)]).toEqual([expect.any(Number), null]);
    expect(page).toContain('requests_total{code="204",ingest="remote-write"}');
    expect(page).not.toContain('code="400"');

    await agent.program.stop();
    expect(await collector.program.stop()).toBe(0);
  });
});

describeIf()("on its own", () => {
  testIf(hasCommand("promtool"))("its own page passes the linter", async () => {
    const { url, program } = await startCollector();
    await exec(["promtool", "check", "metrics"], { input: await text(`${url}/metrics`) });
    expect(await program.stop()).toBe(0);
  });

  testIf()("a sink that is away does not hold up the end", async () => {
    const port = await freePort();
    const collector = await startCollector("--forward", `remote-write+http://127.0.0.1:${port}/w`);
    await pushTo(collector, gauge("plimsoll_lost", { instance: IP }));
    expect(await collector.program.stop()).toBe(0);
    expect(collector.program.lines.join("\n")).toContain("stopped with undelivered samples");
  });

  testIf()("status of the one that runs, and what doctor finds wrong with it", async () => {
    const [gone, nobody] = [await freePort(), await freePort()];
    const sink = `remote-write+http://127.0.0.1:${gone}/w`;
    const collector = await startCollector("--forward", sink);
    await pushTo(collector, gauge("plimsoll_test", { instance: IP }));
    const run = async (...args: readonly string[]): Promise<readonly [unknown, string]> => {
      const program = startProgram(cleanup, programArgv("plimsoll-collector", ...args));
      const code = await program.ended;
      return [code, program.lines.join("\n")];
    };
    const status = await waitFor("the sink to have failed", async () => {
      const [code, json] = await run("status", "--url", collector.url, "--json");
      const read = code === 0 && JSON.parse(json);
      return read && read.sinks[0].failingSeconds !== null && read;
    });
    expect(status).toMatchObject({
      machines: { known: 1, states: { reporting: 1 } },
      ...{ series: 1, pushes: { taken: 1, samples: 1, refused: {} } },
      sinks: [{ name: sink, reason: expect.stringContaining("ECONNREFUSED"), delivered: 0 }],
      lastProblem: { text: expect.stringContaining("sink does not take samples") },
    });
    expect(status.store.bytes).toBeGreaterThan(0);
    expect(await run("status", "--url", collector.url)).toEqual([0, expect.stringContaining("FAILING for")]);

    const [code, findings] = await run("doctor", "--listen", new URL(collector.url).host, "--forward", sink);
    expect([code, findings]).toEqual([1, expect.stringMatching(/^ok +running: /m)]);
    expect(findings).toMatch(/^wrong +sink .*: nothing delivered for \d+ s: .*ECONNREFUSED/m);
    const [none, answer] = await run("status", "--url", `http://127.0.0.1:${nobody}`);
    expect([none, answer]).toEqual([3, expect.stringContaining("nobody listens there")]);
  });

  testIf()("what is wrong is one line and an exit code", async () => {
    const { url } = await startCollector();
    const taken = new URL(url).host;
    const f = async (code: number, line: string, ...args: readonly string[]): Promise<void> => {
      const program = startProgram(cleanup, programArgv("plimsoll-collector", ...args));
      expect([await program.ended, program.lines]).toEqual([code, [line]]);
    };
    const folder = cleanup.temporaryFolder();
    await f(
      1,
      `error: listen ${taken}: the port is in use`,
      ...["serve", "--data", "none", "--listen", taken],
    );
    await f(
      2,
      'error: --forward: "http://h/" is not a URL to forward to (hint: one of remote-write+http://…, ' +
        "remote-write-v2+http://…, otlp+http://…, influx+http://…, falcon+http://…, nats+tcp://…, ndjson+file:///…)",
      ...["serve", "--forward", "http://h/"],
    );
    await f(2, `error: configuration ${folder}: cannot be read: EISDIR`, ...["serve", "--config", folder]);
    await f(
      2,
      "error: unknown option '--zzz' (hint: see plimsoll-collector --help)",
      "serve",
      "--zzz",
      folder,
    );
  });
});
