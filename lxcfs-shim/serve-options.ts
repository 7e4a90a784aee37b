import { existsSync } from "node:fs";
import { environmentOption, readConfigFile } from "../core/runtime/config.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../core/runtime/log.ts";

/** Read when it exists and no other is named. */
export const CONFIG_FILE = "/etc/plimsoll/shim.yaml";

/** What the command line says, as text. */
export interface ServeFlags {
  readonly config?: string;
  readonly mount?: string;
  readonly logLevel?: string;
}

export interface ServeOptions {
  readonly mount: string;
  readonly logLevel: LogLevel;
}

/** One option of `serve`: `logLevel` in a file is `--log-level` as a flag and PLIMSOLL_SHIM_LOG_LEVEL in the environment. */
const KEYS = ["mount", "logLevel"] as const;

type Key = (typeof KEYS)[number];

/** A value as text, and what it was given by, for messages. */
interface Given {
  readonly option: string;
  readonly value: string;
}

/** Flag before environment before configuration file before default. Throws UsageError naming the option that is wrong. */
export async function readServeOptions(flags: ServeFlags): Promise<ServeOptions> {
  const config = flags.config ?? environmentOption("SHIM_CONFIG") ?? existing(CONFIG_FILE);
  const file = config === undefined ? {} : await readConfig(config);
  const given = (key: Key): Given | undefined => fromFlag(key, flags) ?? fromEnvironment(key) ?? file[key];
  return { mount: parseMount(given("mount")), logLevel: parseLogLevel(given("logLevel")) };
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

async function readConfig(path: string): Promise<Readonly<Partial<Record<string, Given>>>> {
  const entries = Object.entries(await readConfigFile(path));
  return Object.fromEntries(entries.map(([key, value]) => [key, parseEntry(path, key, value)]));
}

function parseEntry(path: string, key: string, value: unknown): Given {
  if (!KEYS.some((known) => known === key)) {
    throw new UsageError(`configuration ${path}: unknown option ${JSON.stringify(key)}`, {
      hint: `known are ${KEYS.join(", ")}`,
    });
  }
  if (typeof value === "string") return { option: `configuration ${path}: ${key}`, value };
  throw new UsageError(`configuration ${path}: ${key} must be a text`);
}

function fromFlag(key: Key, flags: ServeFlags): Given | undefined {
  const value = flags[key];
  return value === undefined ? undefined : { option: `--${dashed(key)}`, value };
}

function fromEnvironment(key: Key): Given | undefined {
  const variable = `SHIM_${dashed(key).replaceAll("-", "_").toUpperCase()}`;
  const value = environmentOption(variable);
  return value === undefined ? undefined : { option: `PLIMSOLL_${variable}`, value };
}

function dashed(key: Key): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function parseMount(given: Given | undefined): string {
  if (given !== undefined && given.value !== "") return given.value;
  throw new UsageError("no directory to mount on", {
    hint: "say --mount DIR, or mount: DIR in the configuration",
  });
}

function parseLogLevel(given: Given | undefined): LogLevel {
  if (given === undefined) return "info";
  const level = LOG_LEVELS.find((known) => known === given.value);
  if (level !== undefined) return level;
  throw new UsageError(`${given.option}: ${JSON.stringify(given.value)} is not a log level`, {
    hint: `one of ${LOG_LEVELS.join(", ")}`,
  });
}
