import { constants, setPriority } from "node:os";
import { exitCodeOf, renderFindings } from "../core/runtime/finding.ts";
import { type Given, oneOf } from "../core/runtime/options.ts";
import { EXIT } from "../core/runtime/program.ts";
import { checkConfig } from "./check-config.ts";
import type { Command, Flag, FlagValues } from "./command-line.ts";
import { diagnose } from "./doctor.ts";
import { readFacts } from "./facts.ts";
import { renderOnce } from "./once.ts";
import { type Flags, readOptions } from "./options.ts";
import { runAgent } from "./run.ts";

const SAMPLING_FLAGS: readonly Flag[] = [
  {
    name: "config",
    value: "FILE",
    describes: "YAML or JSON, /etc/plimsoll/agent.yaml if it exists (JSON saves memory)",
  },
  {
    name: "ip",
    value: "ADDR",
    describes: "this machine's permanent address; otherwise the identity file's, the default route's",
  },
  {
    name: "sources",
    value: "LIST",
    describes: "names of sources to switch on, no-NAME to switch off, apart by commas",
  },
  {
    name: "scrape",
    value: "JOB=URL",
    multiple: true,
    describes:
      "a page of metrics of an application here, e.g. shop=http://127.0.0.1:8080/metrics; may be given again",
  },
];

const PUSHING_FLAGS: readonly Flag[] = [
  ...SAMPLING_FLAGS,
  {
    name: "push",
    value: "URL",
    multiple: true,
    describes:
      "where to, as PROTOCOL+TRANSPORT://HOST…: remote-write, remote-write-v2, otlp, influx or falcon over http or https, graphite or zabbix over tcp or tls; may be given again",
  },
  {
    name: "spool",
    value: "DIR",
    describes: "keeps what is not delivered, or none for memory (/var/lib/plimsoll/agent)",
  },
  {
    name: "listen",
    value: "ADDR",
    describes: "serves /metrics, /healthz and /readyz, e.g. on 127.0.0.1:9466 (nowhere)",
  },
  { name: "interval", value: "TIME", describes: "between samples, 100ms to 1h (10s)" },
  { name: "log-level", value: "LEVEL", describes: "error, warn, info, debug or trace (info)" },
];

const RECEIVER = "remote-write+http://10.0.0.1:9465/api/v1/write";

/** Every command of the agent. */
export const commands: readonly Command[] = [
  {
    name: "run",
    describes:
      "Samples and pushes until SIGTERM, then sends what is left. SIGHUP reads the configuration again.",
    flags: PUSHING_FLAGS,
    examples: [
      [`plimsoll-agent run --push ${RECEIVER}`, "push every 10 s to a collector"],
      [
        `PLIMSOLL_AGENT_PUSH=${RECEIVER} plimsoll-agent run --interval 1s --ip 10.0.0.7`,
        "every second, as 10.0.0.7",
      ],
    ],
    run: async (values, stop) => {
      await runAgent(() => readOptions(flagsOf(values)), stop);
      return EXIT.done;
    },
  },
  {
    name: "once",
    describes: "Prints one sample and ends.",
    flags: [
      ...SAMPLING_FLAGS,
      { name: "format", value: "FORMAT", describes: "prom, node_exporter's page, or json, the batch (prom)" },
    ],
    examples: [
      ["plimsoll-agent once --format prom", "what this machine reports, for people and for promtool"],
    ],
    run: async (values) => {
      process.stdout.write(
        await renderOnce(await readOptions(flagsOf(values)), text(values.format) ?? "prom"),
      );
      return EXIT.done;
    },
  },
  {
    name: "check-config",
    describes: "Says what `run` with the same options would do, or what is wrong with them.",
    flags: PUSHING_FLAGS,
    examples: [["plimsoll-agent check-config --config agent.yaml", "exit code 0, or 2 and the reason"]],
    run: async (values) => {
      process.stdout.write(await checkConfig(await readOptions(flagsOf(values))));
      return EXIT.done;
    },
  },
  {
    name: "doctor",
    describes:
      "Takes a sample, tries every destination with an empty push, and says what is wrong and what to do.",
    flags: [...PUSHING_FLAGS, { name: "format", value: "FORMAT", describes: "text or json (text)" }],
    examples: [["plimsoll-agent doctor --config agent.yaml", "ends with 1 when something is wrong"]],
    run: async (values) => {
      const isJson = oneOf(["text", "json"], "a format", formatOf(values)) === "json";
      const findings = await diagnose(() => readOptions(flagsOf(values)));
      process.stdout.write(renderFindings(findings, isJson));
      return exitCodeOf(findings);
    },
  },
  {
    name: "facts",
    describes:
      "Prints what this machine is, as JSON: operating system, hardware, virtualisation. `run` asks it once a day.",
    flags: [],
    examples: [["plimsoll-agent facts", "an inventory; it starts other programs for a second"]],
    run: async () => {
      // Whatever else this machine does comes first; what it starts inherits it.
      setPriority(constants.priority.PRIORITY_LOW);
      process.stdout.write(`${JSON.stringify(await readFacts(), undefined, 2)}\n`);
      return EXIT.done;
    },
  },
];

function flagsOf(values: FlagValues): Flags {
  const { push, scrape } = values;
  return {
    config: text(values.config),
    ip: text(values.ip),
    interval: text(values.interval),
    sources: text(values.sources),
    spool: text(values.spool),
    listen: text(values.listen),
    "log-level": text(values["log-level"]),
    push: typeof push === "string" ? [push] : push,
    scrape: typeof scrape === "string" ? [scrape] : scrape,
  };
}

function formatOf({ format }: FlagValues): Given | undefined {
  return typeof format === "string" ? { option: "--format", value: format } : undefined;
}

function text(value: FlagValues[string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}
