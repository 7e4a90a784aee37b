import { isIP } from "node:net";
import type { Labels } from "../core/metrics/series.ts";
import { parseDuration } from "../core/runtime/duration.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../core/runtime/log.ts";
import {
  failing,
  type Given,
  type GivenOptions,
  type GivenValue,
  oneOf,
  readGivenOptions,
} from "../core/runtime/options.ts";
import { parseLabels } from "./identity-labels.ts";
import { type ListenAddress, parseListen } from "./listener.ts";
import { parseScrapes, type ScrapeOptions } from "./scrape/options.ts";
import { parseSelfLimits, type SelfLimits } from "./self-limits.ts";
import { type Destination, parseDestination } from "./sinks/index.ts";
import { type ChosenSource, chooseSources } from "./source-options.ts";
import { parseSpool, type SpoolSettings } from "./spool-options.ts";

/** Read when it exists and no other is named. */
export const CONFIG_FILE = "/etc/plimsoll/agent.yaml";

const MIN_INTERVAL_MS = 100;
const MAX_INTERVAL_MS = 3_600_000;

/** What the command line says, as text. */
export interface Flags {
  readonly config?: string | undefined;
  readonly ip?: string | undefined;
  readonly push?: readonly string[] | undefined;
  readonly interval?: string | undefined;
  readonly sources?: string | undefined;
  readonly scrape?: readonly string[] | undefined;
  readonly spool?: string | undefined;
  readonly listen?: string | undefined;
  readonly "log-level"?: string | undefined;
}

export interface AgentOptions {
  readonly ip: string | undefined;
  readonly destinations: readonly Destination[];
  readonly intervalMs: number;
  readonly sources: readonly ChosenSource[];
  readonly scrapes: readonly ScrapeOptions[];
  readonly spool: SpoolSettings;
  /** Where whoever wants to may ask. */
  readonly listen: ListenAddress | undefined;
  readonly limits: SelfLimits;
  /** Whether another process asks once a day what this machine is. */
  readonly hasFacts: boolean;
  readonly labels: Labels;
  readonly logLevel: LogLevel;
  /** The configuration file these came from, if any. */
  readonly configFile: string | undefined;
  /** Variables of the environment that are named like options and are none. */
  readonly strangers: readonly string[];
}

const OPTIONS = {
  program: "AGENT",
  defaultFile: CONFIG_FILE,
  keys: [
    "ip",
    "interval",
    "sources",
    "scrape",
    "spool",
    "spoolSize",
    "spoolAge",
    "listen",
    "maxCpu",
    "maxMemory",
    "facts",
    "logLevel",
    "push",
    "labels",
  ],
  fileOnly: ["labels"],
} as const;

/** Flag before environment before configuration file before default. Throws UsageError naming the option that is wrong. */
export async function readOptions(flags: Flags): Promise<AgentOptions> {
  const given = await readGivenOptions(OPTIONS, { ...flags });
  const ip = given.text("ip");
  const labels = given.inFile("labels");
  const listen = given.text("listen");
  return {
    ip: ip === undefined ? undefined : parseIp(ip),
    destinations: (given.values("push") ?? []).map(parseDestination),
    intervalMs: parseInterval(given.text("interval") ?? { option: "--interval", value: "10s" }),
    sources: chooseSources(given.inFile("sources"), switches(given)),
    scrapes: parseScrapes(given.values("scrape") ?? []),
    spool: parseSpool(given.text("spool"), given.text("spoolSize"), given.text("spoolAge")),
    listen: listen === undefined ? undefined : parseListen(listen),
    limits: parseSelfLimits(given.text("maxCpu"), given.text("maxMemory")),
    hasFacts: oneOf(["daily", "never"], "a schedule", given.text("facts")) !== "never",
    labels: labels === undefined ? {} : parseLabels(labels.value, failing(labels)),
    logLevel: oneOf(LOG_LEVELS, "a log level", given.text("logLevel")) ?? "info",
    configFile: given.configFile,
    strangers: given.strangers,
  };
}

/** The sources that flags or environment switch: in the file they are a mapping. */
function switches(given: GivenOptions<"sources">): readonly GivenValue[] {
  const all = given.values("sources") ?? [];
  return all.flatMap(({ option, value }) =>
    typeof value === "string" ? value.split(",").map((name) => ({ option, value: name.trim() })) : [],
  );
}

function parseIp({ option, value }: Given): string {
  if (isIP(value) !== 0) return value;
  throw new UsageError(`${option}: ${JSON.stringify(value)} is not an IP address`);
}

function parseInterval({ option, value }: Given): number {
  const intervalMs = parseDuration(option, value);
  if (intervalMs >= MIN_INTERVAL_MS && intervalMs <= MAX_INTERVAL_MS) return intervalMs;
  throw new UsageError(`${option}: ${value} is not between 100ms and 1h`);
}
