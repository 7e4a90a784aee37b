import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { hasCommand, testIf } from "../support/host.ts";
import { type RemoteWriteReceiver, startReceiver } from "../support/remote-write-receiver.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

interface Application {
  readonly url: string;
  /** What it answers from now on. */
  answer: (response: ServerResponse) => unknown;
}

async function startApplication(answer: Application["answer"]): Promise<Application> {
  const application = { url: "", answer };
  const server = createServer((_, response) => application.answer(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("application", () => {
    server.closeAllConnections();
    server.close();
  });
  application.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  return application;
}

/** Pages by job, and what both programs are told of the job in Prometheus' words and in ours. */
const JOBS: Readonly<
  Record<
    string,
    { readonly page: string; readonly type?: string; readonly theirs?: object; readonly ours?: object }
  >
> = {
  plain: {
    page: `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{code="200",path="/a b\\"c\\\\d\\n"} 1.5e3
requests_total{code="500",job="own",instance="mine",empty=""} 2
# TYPE h histogram
h_bucket{le="0.5"} 1
h_bucket{le="+Inf"} 3
h_sum 2.5
h_count 3
nan NaN
inf -Inf
requests_total{code="200",path="/a b\\"c\\\\d\\n"} 7
`,
  },
  openmetrics: {
    type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
    page: `# TYPE jobs counter
# HELP jobs Jobs.
jobs_total{queue="mail"} 5 # {trace_id="abc"} 0.5
jobs_created{queue="mail"} 1600000000.5
# TYPE temperature_celsius gauge
# UNIT temperature_celsius celsius
temperature_celsius -3.5
# EOF
`,
  },
  odd: {
    page: `# any comment
#TYPE a nonsense

a  {  x = "}" , }\t.5\t
b{x="1"}1e-3
c{}  +Inf
d:e{x="\\z"} 0005
# HELP
# HELP f
`,
  },
  indented: { page: "a 1\n b 1\n" },
  spaced: { page: 'a 1\nb {x="1"} 1\n' },
  twice: { page: 'a 1\nb{x="1",x="2"} 1\n' },
  hexadecimal: { page: "a 0x1p4\n" },
  carriage: { page: "a 1\r\n" },
  tabs: { type: "application/openmetrics-text; version=1.0.0", page: "a 1\nb\t1\n# EOF\n" },
  typeless: { page: "# TYPE a\na 1\n" },
  more: { type: "application/openmetrics-text; version=1.0.0", page: "a 1\n# EOF\n\n" },
  honest: {
    theirs: { honor_labels: true },
    ours: { honorLabels: true },
    page: 'a{job="own",x="1"} 1\nb 2\n',
  },
  wrong: { page: "a 1\nb{ 2\n" },
  unit: {
    type: "application/openmetrics-text; version=1.0.0",
    page: "a 1\n# UNIT a seconds\nb 1\n# EOF\n",
  },
  unfinished: { type: "application/openmetrics-text; version=1.0.0", page: "a 1\n" },
  many: { theirs: { sample_limit: 2 }, ours: { sampleLimit: 2 }, page: "a 1\nb 2\nc 3\n" },
  wide: { theirs: { label_limit: 4 }, ours: { labelLimit: 4 }, page: 'a{x="1"} 1\nb{x="1",y="2"} 1\n' },
  long: {
    theirs: { label_value_length_limit: 30 },
    ours: { labelValueLengthLimit: 30 },
    page: `a{x="${"v".repeat(31)}"} 1\n`,
  },
  large: {
    theirs: { body_size_limit: "100B" },
    ours: { bodySizeLimit: 100 },
    page: `# ${"x".repeat(200)}\na 1\n`,
  },
};

/** What Prometheus' own scraping makes of the jobs: `name{labels} value`, without the ones that are times. */
async function scrapedByPrometheus(urls: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const folder = cleanup.temporaryFolder();
  mkdirSync(join(folder, "data"));
  const config = {
    global: { scrape_interval: "1s" },
    scrape_configs: [...urls].map(([job, url]) => ({
      job_name: job,
      static_configs: [{ targets: [new URL(url).host] }],
      ...JOBS[job]?.theirs,
    })),
  };
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  const port = await freePort();
  const server = `http://127.0.0.1:${port}`;
  startProgram(cleanup, [
    "prometheus",
    "--log.level=error",
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const query = async (expression: string) => {
    const response = await fetch(`${server}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { data } = (await response.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return data.result;
  };
  const all = '{job!="",__name__!="scrape_duration_seconds"}';
  // Of the second scrape: the first alone has series that are new.
  await waitFor("all targets", async () => {
    const counts = await query("count_over_time(up[1m])").catch(() => []);
    return counts.length === urls.size && counts.every(({ value }) => Number(value[1]) >= 2);
  });
  return (await query(all))
    .map(({ metric: { __name__ = "", ...labels }, value }) =>
      show(__name__, labels, Number(value[1].replace("Inf", "Infinity"))),
    )
    .sort();
}

function show(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  return `${name}${JSON.stringify(Object.entries(labels).sort())} ${value}`;
}

function startAgent(receiver: RemoteWriteReceiver, scrape: unknown) {
  const file = join(cleanup.temporaryFolder(), "agent.json");
  writeFileSync(file, JSON.stringify({ scrape }));
  // Prometheus reaches the same addresses, and names its targets by them.
  const flags = ["run", "--config", file, "--ip", "127.0.0.1", "--interval", "1s", "--spool", "none"];
  return startProgram(cleanup, programArgv("plimsoll-agent", ...flags, "--push", receiver.url));
}

testIf(hasCommand("prometheus"))(
  "makes of the same pages what Prometheus makes of them, series by series",
  async () => {
    const urls = new Map<string, string>();
    for (const [job, { page, type = "text/plain; version=0.0.4" }] of Object.entries(JOBS)) {
      const { url } = await startApplication((response) =>
        response.writeHead(200, { "content-type": type, "content-encoding": "gzip" }).end(gzipSync(page)),
      );
      urls.set(job, url);
    }
    urls.set("refused", `http://127.0.0.1:${await freePort()}/metrics`);
    const receiver = await startReceiver(cleanup);
    startAgent(
      receiver,
      [...urls].map(([job, url]) => ({ job, url, ...JOBS[job]?.ours })),
    );
    const theirs = await scrapedByPrometheus(urls);
    await waitFor("three scrapes", () => receiver.values("up", { job: "plain" }).length >= 3);

    const last = receiver.requests.at(-1)?.series ?? [];
    const ours = last
      .filter(({ name, labels }) => labels.job !== undefined && name !== "scrape_duration_seconds")
      .map(({ name, labels, samples }) => {
        const { ip, hostname, ...shown } = labels;
        expect([ip, hostname]).toEqual(["127.0.0.1", expect.any(String)]);
        return show(name, shown, samples[0]?.value ?? Number.NaN);
      });
    expect(theirs.length).toBeGreaterThan(45);
    expect(ours.sort()).toEqual(theirs);
  },
);

test("the application of a container has its permanent address and its port", async () => {
  const application = await startApplication((response) => response.end("shop_orders 5\n"));
  const receiver = await startReceiver(cleanup);
  const flags = ["run", "--ip", "10.0.0.7", "--interval", "200ms", "--spool", "none", "--push", receiver.url];
  startProgram(cleanup, programArgv("plimsoll-agent", ...flags, "--scrape", `shop=${application.url}`));
  const instance = new URL(application.url).host.replace("127.0.0.1", "10.0.0.7");

  await waitFor(
    "orders",
    () => receiver.values("shop_orders", { instance, ip: "10.0.0.7", job: "shop" }).length > 2,
  );
  expect(receiver.values("node_load1", { instance: "10.0.0.7" }).length).toBeGreaterThan(0);
});

test("series end when they are gone and when the application is; a slow one holds nobody up", async () => {
  const application = await startApplication((response) => response.end("a 1\nb 1\n"));
  const receiver = await startReceiver(cleanup);
  startAgent(receiver, [{ job: "shop", url: application.url, interval: "200ms" }]);
  const ends = (name: string): number => receiver.values(name).filter(Number.isNaN).length;
  await waitFor("a and b", () => receiver.values("b").length >= 2);
  application.answer = (response) => response.end("a 2\n");
  await waitFor("the end of b", () => ends("b") === 1);
  expect(ends("a")).toBe(0);
  application.answer = (response) => response.writeHead(500).end();
  await waitFor("the end of a", () => ends("a") === 1);
  expect(receiver.values("up", { job: "shop" }).at(-1)).toBe(0);

  application.answer = () => {}; // Takes the connection and never answers.
  const from = receiver.times("node_load1").length;
  await waitFor("five more ticks", () => receiver.times("node_load1").length >= from + 5);
  application.answer = (response) => response.end("a 3\n");
  await waitFor("a again", () => receiver.values("a").at(-1) === 3);
  expect(ends("b")).toBe(1);
});
