import { expect, test } from "vitest";
import { checkConfig } from "../../../agent/check-config.ts";
import type { AgentOptions } from "../../../agent/options.ts";
import { parseScrapes } from "../../../agent/scrape/options.ts";
import { parseDestination } from "../../../agent/sinks/index.ts";
import { chooseSources } from "../../../agent/source-options.ts";

const OPTIONS: AgentOptions = {
  ip: undefined,
  destinations: [
    parseDestination({
      option: "--push",
      value: "remote-write+http://user:secret@collector:9465/api/v1/write",
    }),
  ],
  intervalMs: 10_000,
  sources: chooseSources(undefined, []).filter(({ kind }) => ["cpu", "stat"].includes(kind.name)),
  scrapes: parseScrapes([{ option: "--scrape", value: "shop=http://127.0.0.1:8080" }]),
  spool: { directory: "/var/spool", maxBytes: 2 ** 25, maxAgeMs: 172_800_000, isFallback: false },
  listen: { host: "127.0.0.1", port: 9466 },
  limits: { cpuShare: 0.25, memoryBytes: 2 ** 26 },
  hasFacts: true,
  labels: { rack: "a1" },
  logLevel: "info",
  configFile: undefined,
  strangers: [],
};

test("says what would be done, without secrets", async () => {
  expect(await checkConfig(OPTIONS)).toBe(
    [
      "configuration none",
      "push          remote-write+http://collector:9465/api/v1/write",
      "spool         /var/spool, 32 MiB, 48 h each",
      "listen        127.0.0.1:9466",
      "limits        25 % of a CPU, 64 MiB",
      "interval      10s",
      "sources       cpu stat",
      "facts         daily",
      "scrape        shop http://127.0.0.1:8080/metrics",
      "ip            from the identity file or the default route",
      "label         rack=a1",
      "",
    ].join("\n"),
  );
  const strangers = ["PLIMSOLL_AGENT_INTERVALL"];
  expect(await checkConfig({ ...OPTIONS, strangers })).toContain(
    "ignored       PLIMSOLL_AGENT_INTERVALL, which is not an option\n",
  );
  expect(await checkConfig({ ...OPTIONS, ip: "10.0.0.7", configFile: "/a.yaml" })).toMatch(
    /\/a\.yaml[\s\S]*ip +10\.0\.0\.7/,
  );
});

test("nowhere to push to is an error here as it is for run", async () => {
  await expect(checkConfig({ ...OPTIONS, destinations: [], listen: undefined })).rejects.toThrow(
    "nowhere to push to",
  );
});
