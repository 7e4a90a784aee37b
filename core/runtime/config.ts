import { readFileSync } from "node:fs";
import { errnoOf, errorLine, UsageError } from "./errors.ts";
import { type EntryKey, findInJson, findJsonMistake } from "./json-places.ts";

/** The prefix of every environment variable the programs read. */
const ENVIRONMENT_PREFIX = "PLIMSOLL_";

/** The value of `PLIMSOLL_<name>`; undefined when it is unset or empty. */
export function environmentOption(name: string): string | undefined {
  const value = process.env[ENVIRONMENT_PREFIX + name];
  return value === undefined || value === "" ? undefined : value;
}

/** Every name for `environmentOption` that begins with `prefix` and has a value, sorted. */
export function environmentOptions(prefix: string): readonly string[] {
  const ours = Object.entries(process.env).filter(
    ([name, value]) => value && name.startsWith(ENVIRONMENT_PREFIX + prefix),
  );
  return ours.map(([name]) => name.slice(ENVIRONMENT_PREFIX.length)).sort();
}

/** A variable of the system's own (`PATH`, `NOTIFY_SOCKET`, `NO_COLOR` …). */
export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}

/** The environment for a child, with what `changes` adds. */
export function childEnvironment(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { ...Object.fromEntries(inherited), PATH: commandPath(), ...changes };
}

/** The PATH with the folders of system commands, which a shell that is not root's leaves out. */
export function commandPath(): string {
  const folders = (process.env.PATH ?? "").split(":").filter(Boolean);
  const missing = ["/usr/local/sbin", "/usr/sbin", "/sbin"].filter((folder) => !folders.includes(folder));
  return [...folders, ...missing].join(":");
}

/** A configuration file's options, and where each is written. */
export interface ConfigFile {
  /** As it is written. */
  readonly text: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** `FILE:LINE:COLUMN` of the entry that these keys lead to, or of as much of the way as there is. */
  place(...keys: readonly EntryKey[]): string;
}

/**
 * Reads a YAML or JSON configuration file into a plain object.
 * Throws UsageError with file, line and column when it cannot be read or parsed. The YAML library
 * is loaded for files that are not JSON only: it costs memory the agent does not have.
 */
export async function openConfigFile(path: string): Promise<ConfigFile> {
  const text = readText(path);
  const { value, offsetOf } = text.trimStart().startsWith("{")
    ? parseJson(path, text)
    : await parseYaml(path, text);
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new UsageError(`configuration ${path}: expected a mapping of options at the top`);
  }
  return {
    text,
    values: { ...value },
    place: (...keys) => placeIn(path, text, offsetOf(keys)),
  };
}

/** The same for who needs no places. */
export async function readConfigFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  return (await openConfigFile(path)).values;
}

function placeIn(path: string, text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `${path}:${before.length}:${(before.at(-1) ?? "").length + 1}`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`configuration ${path}: cannot be read: ${errnoOf(cause) ?? errorLine(cause)}`);
  }
}

interface ParsedConfig {
  readonly value: unknown;
  readonly offsetOf: (keys: readonly EntryKey[]) => number;
}

function parseJson(path: string, text: string): ParsedConfig {
  try {
    const value: unknown = JSON.parse(text);
    return { value, offsetOf: (keys) => findInJson(text, keys) };
  } catch {
    throw new UsageError(`configuration ${placeIn(path, text, findJsonMistake(text))}: not valid JSON`);
  }
}

const loadYaml = () => import("yaml");
type Yaml = Awaited<ReturnType<typeof loadYaml>>;

async function parseYaml(path: string, text: string): Promise<ParsedConfig> {
  const yaml = await loadYaml();
  const document = yaml.parseDocument(text, { prettyErrors: false, stringKeys: true, logLevel: "error" });
  const [first] = document.errors;
  if (first !== undefined) {
    throw new UsageError(`configuration ${placeIn(path, text, first.pos[0])}: ${first.message}`);
  }
  try {
    return { value: document.toJS() ?? {}, offsetOf: (keys) => findInYaml(yaml, document, keys) };
  } catch (cause) {
    throw new UsageError(`configuration ${path}: ${errorLine(cause)}`); // an alias of nothing, or of too much
  }
}

function findInYaml(
  { isAlias, isMap, isNode, isScalar, isSeq }: Yaml,
  document: ReturnType<Yaml["parseDocument"]>,
  keys: readonly EntryKey[],
): number {
  let at: unknown = document.contents;
  let offset = 0;
  for (const key of keys) {
    const node = isAlias(at) ? at.resolve(document) : at;
    const isWanted = (name: unknown): boolean => isScalar(name) && name.value === key;
    const pair = isMap(node) ? node.items.find((each) => isWanted(each.key)) : undefined;
    const entry = isSeq(node) ? node.items[Number(key)] : pair?.key;
    if (!isNode(entry)) return offset;
    offset = entry.range?.[0] ?? offset;
    at = pair === undefined ? entry : pair.value;
  }
  return offset;
}
