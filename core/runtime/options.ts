import { existsSync } from "node:fs";
import { type ConfigFile, environmentOption, environmentOptions, openConfigFile } from "./config.ts";
import { UsageError } from "./errors.ts";
import type { EntryKey } from "./json-places.ts";

/** An option's value as text, and what it was given by, for messages. */
export interface Given {
  readonly option: string;
  readonly value: string;
}

/** The same of a value that may be more than a text, as a configuration file can have it. */
export interface GivenValue {
  readonly option: string;
  readonly value: unknown;
  /** `option`, at the place in the file that these keys lead to within the value; flags have no inside. */
  readonly at?: (...keys: readonly EntryKey[]) => string;
}

/** The options of one program: `staleAfter` in a file is `--stale-after` as a flag and PLIMSOLL_<PROGRAM>_STALE_AFTER. */
export interface OptionNames<Key extends string> {
  readonly program: string;
  readonly keys: readonly Key[];
  /** Read when it exists and no other is named. */
  readonly defaultFile: string;
  /** Those that are `on` or `off`: a file may say true or false. */
  readonly switches?: readonly Key[];
  /** Those that only a file can say. */
  readonly fileOnly?: readonly Key[];
}

/** Flags as a command line parser has them, by key or by the flag's own name. */
export type GivenFlags = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;

/** Flag before environment before configuration file; undefined where nothing gives the option. */
export interface GivenOptions<Key extends string> {
  /** The configuration file these came from, if any. */
  readonly configFile: string | undefined;
  /**
   * Variables of the environment that are named like options and are none. They are not refused as in a file:
   * Kubernetes gives a container PLIMSOLL_AGENT_PORT for a service of somebody's that is called plimsoll-agent.
   */
  readonly strangers: readonly string[];
  /** An option with one value. Throws UsageError when the file has something else. */
  text(key: Key): Given | undefined;
  /** An option with many: flags given again, words in the environment, a text or a list in the file. */
  texts(key: Key): readonly Given[] | undefined;
  /** The same where the file may have mappings. */
  values(key: Key): readonly GivenValue[] | undefined;
  /** What only the file can say. */
  inFile(key: Key): GivenValue | undefined;
}

/** Reads the configuration file that flags, environment or habit name. Throws UsageError for an option it does not know. */
export async function readGivenOptions<Key extends string>(
  { program, keys, defaultFile, switches = [], fileOnly = [] }: OptionNames<Key>,
  flags: GivenFlags,
): Promise<GivenOptions<Key>> {
  const configFile = flagValues(flags, "config")?.at(-1) ?? environmentOption(`${program}_CONFIG`);
  const path = configFile ?? (existsSync(defaultFile) ? defaultFile : undefined);
  const file = path === undefined ? NO_FILE : await openKnown(path, keys);

  const fromFlags = (key: Key): readonly Given[] | undefined =>
    flagValues(flags, key)?.map((value) => ({ option: `--${dashed(key)}`, value }));

  const variableOf = (key: string): string => `${program}_${dashed(key).replaceAll("-", "_").toUpperCase()}`;
  const known = ["config", ...keys.filter((key) => !fileOnly.includes(key))].map(variableOf);

  function fromEnvironment(key: Key): Given | undefined {
    const variable = variableOf(key);
    const value = environmentOption(variable);
    return value === undefined ? undefined : { option: `PLIMSOLL_${variable}`, value };
  }

  function inFile(key: Key): GivenValue | undefined {
    const written = file.values[key];
    const value = switches.includes(key) ? switchText(written) : written;
    return value === undefined ? undefined : placed(value, key);
  }

  /** Of the file, with its place in it. */
  function placed(value: unknown, key: Key, ...way: readonly EntryKey[]): GivenValue {
    const at = (...keys: readonly EntryKey[]): string =>
      `configuration ${file.place(key, ...way, ...keys)}: ${key}`;
    return { option: at(), value, at };
  }

  function elementsOf(key: Key): readonly GivenValue[] | undefined {
    const given = inFile(key);
    if (!Array.isArray(given?.value)) return given === undefined ? undefined : [given];
    return given.value.map((value: unknown, i) => placed(value, key, i));
  }

  const values = (key: Key): readonly GivenValue[] | undefined =>
    fromFlags(key) ?? wordsOf(fromEnvironment(key)) ?? elementsOf(key);

  return {
    configFile: path,
    strangers: environmentOptions(`${program}_`)
      .filter((variable) => !known.includes(variable))
      .map((variable) => `PLIMSOLL_${variable}`),
    text: (key) => fromFlags(key)?.at(-1) ?? fromEnvironment(key) ?? textOf(inFile(key), "a text"),
    texts: (key) => values(key)?.flatMap((given) => textOf(given, "a text or a list of texts") ?? []),
    values,
    inFile,
  };
}

/** What YAML 1.1 reads from `on` and `off`, as they were written. */
export function switchText(value: unknown): unknown {
  return typeof value === "boolean" ? (value ? "on" : "off") : value;
}

/** One of `choices`; undefined when nothing was given. Throws UsageError naming the option for anything else. */
export function oneOf<Choice extends string>(
  choices: readonly Choice[],
  what: string,
  given: Given | undefined,
): Choice | undefined {
  if (given === undefined) return undefined;
  const choice = choices.find((known) => known === given.value);
  if (choice !== undefined) return choice;
  throw new UsageError(`${given.option}: ${JSON.stringify(given.value)} is not ${what}`, {
    hint: `one of ${choices.join(", ")}`,
  });
}

const NO_FILE: ConfigFile = { text: "", values: {}, place: () => "" };

async function openKnown(path: string, keys: readonly string[]): Promise<ConfigFile> {
  const file = await openConfigFile(path);
  const unknown = Object.keys(file.values).find((key) => !keys.includes(key));
  if (unknown === undefined) return file;
  throw new UsageError(`configuration ${file.place(unknown)}: unknown option ${JSON.stringify(unknown)}`, {
    hint: `known are ${keys.join(", ")}`,
  });
}

/** Ends in a UsageError with what is wrong, at the entry within the value that the keys lead to. */
export type Fail = (what: string, ...keys: readonly EntryKey[]) => never;

export function failing({ option, at }: GivenValue, hint?: string): Fail {
  return (what, ...keys) => {
    throw new UsageError(`${at?.(...keys) ?? option}: ${what}`, hint === undefined ? {} : { hint });
  };
}

function flagValues(flags: GivenFlags, key: string): readonly string[] | undefined {
  const value = flags[key] ?? flags[dashed(key)];
  return value === undefined || typeof value === "boolean" ? undefined : [value].flat();
}

function wordsOf(given: Given | undefined): readonly Given[] | undefined {
  if (given === undefined) return undefined;
  const words = given.value.split(/[\s,]+/).filter((word) => word !== "");
  return words.map((value) => ({ option: given.option, value }));
}

/** A number stands for its text: `containerPid: 12`. */
function textOf(given: GivenValue | undefined, what: string): Given | undefined {
  if (given === undefined) return undefined;
  const { option, value } = given;
  if (typeof value === "string" || typeof value === "number") return { option, value: `${value}` };
  throw new UsageError(`${option} must be ${what}`);
}

function dashed(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
