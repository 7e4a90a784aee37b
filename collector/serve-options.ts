import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { environmentOption, readConfigFile } from "../core/runtime/config.ts";
import { parseDuration } from "../core/runtime/duration.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../core/runtime/log.ts";
import { type Forward, parseForwardUrl } from "./forward-url.ts";
import type { ListenAddress } from "./http/server.ts";
import { TRUST_MODES, type TrustMode } from "./trust/trust.ts";

/** Read when it exists and no other is named. */
export const CONFIG_FILE = "/etc/plimsoll/collector.yaml";

/** What the command line says, as text. */
export interface ServeFlags {
  readonly config?: string;
  readonly listen?: readonly string[];
  readonly forward?: readonly string[];
  readonly data?: string;
  readonly keep?: string;
  readonly keepCoarse?: string;
  readonly docker?: readonly string[];
  readonly trust?: string;
  readonly tokenFile?: string;
  readonly staleAfter?: string;
  readonly logLevel?: string;
}

export interface ServeOptions {
  readonly listen: readonly ListenAddress[];
  readonly forwards: readonly Forward[];
  /** A directory, "none" for memory, undefined for the default directory where that can be written to. */
  readonly data: string | undefined;
  /** How long samples are kept as they came, and in windows of five minutes. */
  readonly keepMs: number;
  readonly keepCoarseMs: number;
  /** Sockets of Docker engines to follow. */
  readonly docker: readonly string[];
  readonly trust: TrustMode;
  readonly tokenFile: string | undefined;
  readonly staleAfterMs: number;
  readonly logLevel: LogLevel;
}

/** `staleAfter` in a file is `--stale-after` as a flag and PLIMSOLL_COLLECTOR_STALE_AFTER in the environment. */
const KEYS = [
  "listen",
  "forward",
  "data",
  "keep",
  "keepCoarse",
  "docker",
  "trust",
  "tokenFile",
  "staleAfter",
  "logLevel",
] as const;
const LISTS: readonly Key[] = ["listen", "forward", "docker"];

type Key = (typeof KEYS)[number];

/** An option's values as text, one unless it is a list, and what they were given by, for messages. */
interface Given {
  readonly option: string;
  readonly values: readonly string[];
}

/** Flag before environment before configuration file before default. Throws UsageError naming the option that is wrong. */
export async function readServeOptions(flags: ServeFlags): Promise<ServeOptions> {
  const path = flags.config ?? environmentOption("COLLECTOR_CONFIG") ?? existing(CONFIG_FILE);
  const file = path === undefined ? {} : await readConfig(path);
  const given = (key: Key, value: string): Given =>
    fromFlag(key, flags) ?? fromEnvironment(key) ?? file[key] ?? { option: key, values: [value] };
  return {
    listen: each(given("listen", "127.0.0.1:9465"), parseListen),
    forwards: distinct(each(given("forward", ""), parseForwardUrl)),
    data: last(given("data", ""), (_, text) => (text === "" ? undefined : text)),
    keepMs: last(given("keep", "15d"), parseDuration),
    keepCoarseMs: last(given("keepCoarse", "400d"), parseDuration),
    docker: each(given("docker", ""), parseSocket),
    trust: last(given("trust", "address"), (option, text) => parseChoice(option, text, TRUST_MODES)),
    tokenFile: last(given("tokenFile", ""), (_, text) => (text === "" ? undefined : text)),
    staleAfterMs: last(given("staleAfter", "5m"), parseDuration),
    logLevel: last(given("logLevel", "info"), (option, text) => parseChoice(option, text, LOG_LEVELS)),
  };
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

async function readConfig(path: string): Promise<Readonly<Partial<Record<string, Given>>>> {
  const entries = Object.entries(await readConfigFile(path));
  return Object.fromEntries(entries.map(([key, value]) => [key, parseEntry(path, key, value)]));
}

function parseEntry(path: string, key: string, value: unknown): Given {
  const known = KEYS.find((each) => each === key);
  if (known === undefined) {
    throw new UsageError(`configuration ${path}: unknown option ${JSON.stringify(key)}`, {
      hint: `known are ${KEYS.join(", ")}`,
    });
  }
  const isList = LISTS.includes(known);
  const values: unknown[] = isList ? [value].flat() : [value];
  if (values.every((one) => typeof one === "string"))
    return { option: `configuration ${path}: ${key}`, values };
  throw new UsageError(
    `configuration ${path}: ${key} must be ${isList ? "a text or a list of texts" : "a text"}`,
  );
}

function fromFlag(key: Key, flags: ServeFlags): Given | undefined {
  const value = flags[key];
  return value === undefined ? undefined : { option: `--${dashed(key)}`, values: [value].flat() };
}

function fromEnvironment(key: Key): Given | undefined {
  const variable = `COLLECTOR_${dashed(key).replaceAll("-", "_").toUpperCase()}`;
  const value = environmentOption(variable);
  if (value === undefined) return undefined;
  return { option: `PLIMSOLL_${variable}`, values: LISTS.includes(key) ? value.split(/[\s,]+/) : [value] };
}

function dashed(key: Key): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function each<T>({ option, values }: Given, parse: (option: string, value: string) => T): readonly T[] {
  return values.filter((value) => value !== "").map((value) => parse(option, value));
}

function last<T>({ option, values }: Given, parse: (option: string, value: string) => T): T {
  return parse(option, values.at(-1) ?? "");
}

/** `127.0.0.1:9465`, `[::1]:9465`, `localhost:0`. */
function parseListen(option: string, text: string): ListenAddress {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const { v6, name, port } = match?.groups ?? {};
  const isAddress = v6 === undefined ? name !== undefined : isIP(v6) === 6;
  if (isAddress && Number(port) <= 65_535) return { host: v6 ?? name ?? "", port: Number(port) };
  throw new UsageError(`${option}: ${JSON.stringify(text)} is not an address to listen on`, {
    hint: "write 127.0.0.1:9465 or [::1]:9465",
  });
}

/** `unix:///var/run/docker.sock`, or the path alone. */
function parseSocket(option: string, text: string): string {
  const path = text.replace(/^unix:\/\//, "");
  if (path.startsWith("/")) return path;
  throw new UsageError(`${option}: ${JSON.stringify(text)} is not the path of a socket`);
}

function distinct(forwards: readonly Forward[]): readonly Forward[] {
  const twice = forwards.find(
    ({ name }, index) => forwards.findIndex((other) => other.name === name) < index,
  );
  if (twice === undefined) return forwards;
  throw new UsageError(`forward: ${twice.name} is given twice`);
}

function parseChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`${option}: ${JSON.stringify(text)} is not known`, {
    hint: `one of ${choices.join(", ")}`,
  });
}
