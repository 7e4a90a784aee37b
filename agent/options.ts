import { existsSync } from "node:fs";
import { isIP } from "node:net";
import type { Labels } from "../core/metrics/series.ts";
import { environmentOption, readConfigFile } from "../core/runtime/config.ts";
import { parseDuration } from "../core/runtime/duration.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../core/runtime/log.ts";
import { parseLabels } from "./identity-labels.ts";
import { type Destination, parseDestination } from "./sinks/index.ts";
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
  readonly spool?: string | undefined;
  readonly "log-level"?: string | undefined;
}

export interface AgentOptions {
  readonly ip: string | undefined;
  readonly destinations: readonly Destination[];
  readonly intervalMs: number;
  readonly spool: SpoolSettings;
  readonly labels: Labels;
  readonly logLevel: LogLevel;
  /** The configuration file these came from, if any. */
  readonly configFile: string | undefined;
}

/** A value and the name of the option it was given by, for messages. */
interface Given {
  readonly option: string;
  readonly value: string;
}

const TEXT_KEYS = ["ip", "interval", "spool", "spoolSize", "spoolAge", "logLevel"] as const;
const CONFIG_KEYS = [...TEXT_KEYS, "push", "labels"] as const;

interface Config {
  readonly path: string | undefined;
  readonly values: Readonly<Partial<Record<(typeof CONFIG_KEYS)[number], unknown>>>;
}

/** Flag before environment before configuration file before default. Throws UsageError naming the option that is wrong. */
export async function readOptions(flags: Flags): Promise<AgentOptions> {
  const config = await readConfig(flags.config ?? environmentOption("AGENT_CONFIG") ?? existing(CONFIG_FILE));
  const ip = given("ip", flags.ip, config);
  const interval = given("interval", flags.interval, config) ?? { option: "--interval", value: "10s" };
  const level = given("logLevel", flags["log-level"], config) ?? { option: "--log-level", value: "info" };
  return {
    ip: ip === undefined ? undefined : parseIp(ip),
    destinations: givenPushes(flags.push, config).map(({ option, value }) => parseDestination(option, value)),
    intervalMs: parseInterval(interval),
    spool: parseSpool(
      given("spool", flags.spool, config),
      given("spoolSize", undefined, config),
      given("spoolAge", undefined, config),
    ),
    labels: parseLabels(config.values.labels ?? {}, (what) => failConfig(config, what)),
    logLevel: parseLevel(level),
    configFile: config.path,
  };
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

async function readConfig(path: string | undefined): Promise<Config> {
  if (path === undefined) return { path, values: {} };
  const values = await readConfigFile(path);
  const unknown = Object.keys(values).find((key) => !CONFIG_KEYS.some((known) => known === key));
  if (unknown === undefined) return { path, values };
  throw new UsageError(`configuration ${path}: unknown option ${JSON.stringify(unknown)}`, {
    hint: `known are ${CONFIG_KEYS.join(", ")}`,
  });
}

/** `logLevel` in a file is `--log-level` as a flag and PLIMSOLL_AGENT_LOG_LEVEL in the environment. */
function given(key: (typeof TEXT_KEYS)[number], flag: string | undefined, config: Config): Given | undefined {
  const dashed = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (flag !== undefined) return { option: `--${dashed}`, value: flag };
  const variable = `AGENT_${dashed.replaceAll("-", "_").toUpperCase()}`;
  const environment = environmentOption(variable);
  if (environment !== undefined) return { option: `PLIMSOLL_${variable}`, value: environment };
  const value = config.values[key];
  return value === undefined ? undefined : configText(config, key, value);
}

function givenPushes(
  flags: readonly string[] | undefined,
  config: Config,
): readonly { readonly option: string; readonly value: unknown }[] {
  if (flags !== undefined) return flags.map((value) => ({ option: "--push", value }));
  const environment = environmentOption("AGENT_PUSH");
  if (environment !== undefined) {
    const urls = environment.split(/[\s,]+/).filter((value) => value !== "");
    return urls.map((value) => ({ option: "PLIMSOLL_AGENT_PUSH", value }));
  }
  const listed: unknown[] = [config.values.push ?? []].flat();
  return listed.map((value) => ({ option: `configuration ${config.path}: push`, value }));
}

function configText(config: Config, key: string, value: unknown): Given {
  if (typeof value !== "string") return failConfig(config, `${key} must be a text`);
  return { option: `configuration ${config.path}: ${key}`, value };
}

function failConfig(config: Config, what: string): never {
  throw new UsageError(`configuration ${config.path}: ${what}`);
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

function parseLevel({ option, value }: Given): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value);
  if (level !== undefined) return level;
  throw new UsageError(`${option}: ${JSON.stringify(value)} is not a log level`, {
    hint: `one of ${LOG_LEVELS.join(", ")}`,
  });
}
