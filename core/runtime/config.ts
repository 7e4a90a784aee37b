import { readFileSync } from "node:fs";
import { errnoOf, errorLine, UsageError } from "./errors.ts";

/** The prefix of every environment variable the programs read. */
const ENVIRONMENT_PREFIX = "PLIMSOLL_";

/** The value of `PLIMSOLL_<name>`; undefined when it is unset or empty. */
export function environmentOption(name: string): string | undefined {
  const value = process.env[ENVIRONMENT_PREFIX + name];
  return value === undefined || value === "" ? undefined : value;
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

/**
 * Reads a YAML or JSON configuration file into a plain object.
 * Throws UsageError with file, line and column when it cannot be read or parsed. The YAML library
 * is loaded for files that are not JSON only: it costs memory the agent does not have.
 */
export async function readConfigFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = readText(path);
  const value = text.trimStart().startsWith("{") ? parseJson(path, text) : await parseYaml(path, text);
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new UsageError(`configuration ${path}: expected a mapping of options at the top`);
  }
  return value as Record<string, unknown>;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`configuration ${path}: cannot be read: ${errnoOf(cause) ?? errorLine(cause)}`);
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`configuration ${path}: not valid JSON`, { cause });
  }
}

async function parseYaml(path: string, text: string): Promise<unknown> {
  const { LineCounter, parseDocument } = await import("yaml");
  const lineCounter = new LineCounter();
  const options = { lineCounter, prettyErrors: false, stringKeys: true, logLevel: "error" } as const;
  const document = parseDocument(text, options);
  const [first] = document.errors;
  if (first !== undefined) {
    const { line, col } = lineCounter.linePos(first.pos[0]);
    throw new UsageError(`configuration ${path}:${line}:${col}: ${first.message}`);
  }
  try {
    return document.toJS();
  } catch (cause) {
    throw new UsageError(`configuration ${path}: ${errorLine(cause)}`); // an alias of nothing, or of too much
  }
}
