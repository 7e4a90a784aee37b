import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { type AgentOptions, type Flags, readOptions } from "../../../agent/options.ts";
import { Cleanup } from "../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(async () => {
  vi.unstubAllEnvs();
  await cleanup.run();
});

function configFile(text: string): string {
  const path = join(cleanup.temporaryFolder(), "agent.yaml");
  writeFileSync(path, text);
  return path;
}

function hrefs({ destinations }: AgentOptions): string[] {
  return destinations.map(({ url }) => url.href);
}

const PUSH = "remote-write+http://collector/";

test("the defaults", async () => {
  expect(await readOptions({})).toMatchObject({
    ip: undefined,
    destinations: [],
    intervalMs: 10_000,
    labels: {},
    logLevel: "info",
  });
});

test("flag before environment before file", async () => {
  const config = configFile("interval: 1m\nip: 10.0.0.1\nlogLevel: debug\nlabels: {rack: a1}\n");
  const interval = async (flags: Flags = {}): Promise<number> =>
    (await readOptions({ config, ...flags })).intervalMs;

  expect(await interval()).toBe(60_000);
  vi.stubEnv("PLIMSOLL_AGENT_INTERVAL", "30s");
  expect(await interval()).toBe(30_000);
  expect(await interval({ interval: "5s" })).toBe(5000);
  expect(await readOptions({ config })).toMatchObject({
    ip: "10.0.0.1",
    logLevel: "debug",
    labels: { rack: "a1" },
    configFile: config,
  });
});

test("variables that are misspelt, or that only a file can say, are told", async () => {
  for (const name of ["MAX_CPU", "LOG_LEVEL"]) vi.stubEnv(`PLIMSOLL_AGENT_${name}`, "");
  vi.stubEnv("PLIMSOLL_AGENT_INTERVAL", "30s");
  expect((await readOptions({})).strangers).toEqual([]);
  vi.stubEnv("PLIMSOLL_AGENT_INTERVALL", "30s");
  vi.stubEnv("PLIMSOLL_AGENT_LABELS", "rack=a1");

  expect((await readOptions({})).strangers).toEqual(["PLIMSOLL_AGENT_INTERVALL", "PLIMSOLL_AGENT_LABELS"]);
});

test("sources are a mapping in the file, names in flags and environment", async () => {
  const config = configFile("sources: {cpu: false, netdev: {exclude: ^lo$}}\n");
  const names = async (flags: Flags): Promise<readonly string[]> =>
    (await readOptions(flags)).sources.map(({ kind }) => kind.name);

  expect(await names({ config })).not.toContain("cpu");
  vi.stubEnv("PLIMSOLL_AGENT_SOURCES", "cpu,no-netdev");
  expect(await names({ config })).toContain("cpu");
  expect(await names({ config })).not.toContain("netdev");
  expect(await names({ sources: "no-time, no-stat" })).toContain("netdev");
});

test("scrapes come from flags, or the environment's list, or the file's", async () => {
  const config = configFile("scrape:\n  - {job: a, url: 'http://127.0.0.1:1/m'}\n  - b=http://127.0.0.1:2\n");
  const jobs = async (flags: Flags): Promise<readonly string[]> =>
    (await readOptions(flags)).scrapes.map(({ job }) => job);

  expect(await jobs({ config })).toEqual(["a", "b"]);
  vi.stubEnv("PLIMSOLL_AGENT_SCRAPE", "c=http://127.0.0.1:3,d=http://127.0.0.1:4");
  expect(await jobs({ config })).toEqual(["c", "d"]);
  expect(await jobs({ config, scrape: ["e=http://127.0.0.1:5"] })).toEqual(["e"]);
});

test("the file itself may be named by the environment", async () => {
  vi.stubEnv("PLIMSOLL_AGENT_CONFIG", configFile('{"ip":"10.0.0.1"}'));

  expect(await readOptions({})).toMatchObject({ ip: "10.0.0.1" });
});

test("destinations come from one place: flags, or the environment's list, or the file's", async () => {
  const many = configFile("push:\n  - remote-write+http://a/\n  - remote-write+http://b/\n");
  expect(hrefs(await readOptions({ config: many }))).toEqual(["http://a/", "http://b/"]);
  expect(hrefs(await readOptions({ config: configFile("push: remote-write+http://a/") }))).toEqual([
    "http://a/",
  ]);
  vi.stubEnv("PLIMSOLL_AGENT_PUSH", "remote-write+http://c/, remote-write+http://d/");
  expect(hrefs(await readOptions({ config: many }))).toEqual(["http://c/", "http://d/"]);
  expect(hrefs(await readOptions({ config: many, push: [PUSH] }))).toEqual(["http://collector/"]);
});

test.for<[Flags, string]>([
  [{ ip: "localhost" }, '--ip: "localhost" is not an IP address'],
  [{ interval: "10" }, '--interval: "10" is not a duration'],
  [{ interval: "1ms" }, "--interval: 1ms is not between 100ms and 1h"],
  [{ interval: "1d" }, "--interval: 1d is not between 100ms and 1h"],
  [{ "log-level": "loud" }, '--log-level: "loud" is not a log level'],
  [{ push: ["http://x/"] }, '--push: "http://x/" is not a known scheme'],
])("%j is refused, naming the flag", async ([flags, message]) => {
  await expect(readOptions(flags)).rejects.toThrow(message);
});

test.for<[string, string]>([
  ["pusch: x", '1:1: unknown option "pusch"'],
  ["# slow\ninterval: 10", '2:1: interval: "10" is not a duration'],
  ["interval: true", "1:1: interval must be a text"],
  ["interval: 1ms", "1:1: interval: 1ms is not between 100ms and 1h"],
  ["ip: [1]", "1:1: ip must be a text"],
  ["push: [7]", "1:8: push: must be a text or a mapping"],
  ["push: http://x/", '1:1: push: "http://x/" is not a known scheme'],
  ["labels: {instance: x}", "1:10: labels: instance is the agent's own"],
  ["labels:\n  rack: a\n  unit: 5", "3:3: labels: unit must be a text"],
  ["labels: [a]", "1:1: labels: must be a mapping"],
  ["push:\n  - otlp+http://a/\n  - url: http://x/", '3:5: push: "http://x/" is not a known scheme'],
  ["push:\n  url: otlp+http://a/\n  timeout: 0s", '3:3: push: timeout "0s" is not a duration'],
  ["push: {url: otlp+http://a/, headers: {a b: c}}", "1:39: push: headers a b is not a header"],
  ["x: &x {url: otlp+http://a/, gzip: no}\npush: *x", '1:1: unknown option "x"'],
  ["sources: {nope: true}", '1:11: sources: "nope" is not a source'],
  ["sources:\n  cpu:\n    interval: 5", "3:5: sources: cpu interval must be a duration"],
  ['sources:\n  diskstats: {exclude: "("}', "2:15: sources: diskstats exclude invalid regular"],
  ["sources: {exec: {plugins: {a: [x], b: y}}}", "1:36: sources: exec plugins b must be a list of words"],
  ["scrape:\n  - a=http://b/\n  - {job: c, url: ftp://d}", '3:14: scrape: "ftp://d" is not an http'],
  ["scrape: [{job: a, url: http://b/, labels: {ip: x}}]", "1:44: scrape: labels ip is the agent's own"],
  ['{\n "push": "http://x/"\n}', '2:2: push: "http://x/" is not a known scheme'],
  ['{"push": [{"url": "otlp+http://a/",\n  "tls": 1}]}', '2:3: push: unknown option "tls"'],
  ['{"interval": "10s",}', "1:20: not valid JSON"],
  ['{"interval": ', "1:14: not valid JSON"],
  ["interval: [", "1:12: Flow sequence"],
  ["a: 1\na: 2", "2:1: Map keys must be unique"],
  ["- a", " expected a mapping of options at the top"],
])("configuration %j is refused, naming file and key", async ([text, message]) => {
  const config = configFile(text);
  const failure = readOptions({ config });

  await expect(failure).rejects.toThrow(`configuration ${config}:${message}`);
  await expect(failure).rejects.toMatchObject({ code: "USAGE" });
});

test("what the environment says wrong is named by its variable", async () => {
  vi.stubEnv("PLIMSOLL_AGENT_LOG_LEVEL", "loud");
  await expect(readOptions({})).rejects.toThrow("PLIMSOLL_AGENT_LOG_LEVEL: ");
});
