import { resolve } from "node:path";
import { parseDuration } from "../core/runtime/duration.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../core/runtime/log.ts";
import { type Given, oneOf, readGivenOptions } from "../core/runtime/options.ts";
import { NAMES_DIRECTORY } from "./by-name/names.ts";
import { parseViewOptions, VIEW_KEYS, VIEW_SWITCHES, type ViewKey } from "./parse-view-options.ts";
import type { ViewOptions } from "./view/view-options.ts";

/** Read when it exists and no other is named. */
export const CONFIG_FILE = "/etc/plimsoll/shim.yaml";

/** What the command line says, as text. */
export interface ServeFlags extends Partial<Readonly<Record<ViewKey, string>>> {
  readonly config?: string;
  readonly mount?: string;
  readonly containersMount?: string;
  readonly names?: string;
  readonly transport?: string;
  readonly containerPid?: string;
  readonly logLevel?: string;
  readonly freshness?: string;
  readonly recovery?: string;
  /** Of the holder's, not for people. */
  readonly held?: boolean;
  readonly replaces?: string;
  readonly end?: boolean;
}

export interface ServeOptions {
  readonly mount: string;
  /** Where containers are by name; undefined: nowhere. */
  readonly containersMount: string | undefined;
  /** The directory of registered names. */
  readonly names: string;
  readonly transport: TransportChoice;
  readonly logLevel: LogLevel;
  readonly view: ViewOptions;
  /** How old what a reader gets may be. */
  readonly freshnessMs: number;
  /** How a new server gets at the requests a dead one had received: from the kernel if it can, or from its own record. */
  readonly recovery: Recovery;
}

export type Recovery = (typeof RECOVERIES)[number];

/** libfuse hides who asks: through it, one container is served, named by one of its processes. */
export type TransportChoice =
  | { readonly kind: "dev-fuse" }
  | { readonly kind: "fuse-native"; readonly containerPid: number };

const DEFAULT_FRESHNESS_MS = 100;

const RECOVERIES = ["resend", "record"] as const;

const TRANSPORTS = ["dev-fuse", "fuse-native"] as const;

const OPTIONS = {
  program: "SHIM",
  defaultFile: CONFIG_FILE,
  keys: [
    "mount",
    "containersMount",
    "names",
    "transport",
    "containerPid",
    "logLevel",
    "freshness",
    "recovery",
    ...VIEW_KEYS,
    "containers",
  ],
  switches: VIEW_SWITCHES,
} as const;

/** Flag before environment before configuration file before default. Throws UsageError naming the option that is wrong. */
export async function readServeOptions(flags: ServeFlags): Promise<ServeOptions> {
  const { text: given, inFile } = await readGivenOptions(OPTIONS, { ...flags });
  const mount = parseMount(given("mount"));
  return {
    mount,
    containersMount: parseContainersMount(given("containersMount"), mount),
    names: parseDirectory(given("names")) ?? NAMES_DIRECTORY,
    transport: parseTransport(given("transport"), given("containerPid")),
    logLevel: oneOf(LOG_LEVELS, "a log level", given("logLevel")) ?? "info",
    view: parseViewOptions(given, inFile("containers")),
    freshnessMs: parseFreshness(given("freshness")),
    recovery: oneOf(RECOVERIES, "a way of recovery", given("recovery")) ?? "resend",
  };
}

/** Those of them that decide what containers see, as a running shim would have them. */
export async function readViewOptions(flags: Pick<ServeFlags, "config">): Promise<ViewOptions> {
  const { text, inFile } = await readGivenOptions(OPTIONS, { ...flags });
  return parseViewOptions(text, inFile("containers"));
}

function parseMount(given: Given | undefined): string {
  if (given !== undefined && given.value !== "") return given.value;
  throw new UsageError("no directory to mount on", {
    hint: "say --mount DIR, or mount: DIR in the configuration",
  });
}

function parseDirectory(given: Given | undefined): string | undefined {
  if (given === undefined || given.value !== "") return given?.value;
  throw new UsageError(`${given.option}: "" is not a directory`);
}

/** One mount would cover the other. */
function parseContainersMount(given: Given | undefined, mount: string): string | undefined {
  const directory = parseDirectory(given);
  if (given === undefined || directory === undefined) return undefined;
  if (isWithin(directory, mount) || isWithin(mount, directory)) {
    throw new UsageError(
      `${given.option}: ${directory} and the first mount, ${mount}, are one within the other`,
      {
        hint: "choose directories beside each other",
      },
    );
  }
  return directory;
}

function isWithin(path: string, directory: string): boolean {
  return `${resolve(path)}/`.startsWith(`${resolve(directory)}/`);
}

function parseTransport(transport: Given | undefined, containerPid: Given | undefined): TransportChoice {
  const kind = oneOf(TRANSPORTS, "a transport", transport) ?? "dev-fuse";
  if (kind === "fuse-native") return { kind, containerPid: parsePid(containerPid) };
  if (containerPid === undefined) return { kind };
  throw new UsageError(`${containerPid.option}: only for the transport fuse-native`, {
    hint: "dev-fuse knows who asks and serves all containers at once",
  });
}

function parseFreshness(given: Given | undefined): number {
  if (given === undefined) return DEFAULT_FRESHNESS_MS;
  return given.value === "0" ? 0 : parseDuration(given.option, given.value);
}

function parsePid(given: Given | undefined): number {
  if (given === undefined) {
    throw new UsageError("the transport fuse-native serves one container", {
      hint: "say which: --container-pid PID",
    });
  }
  if (/^[1-9]\d{0,9}$/.test(given.value)) return Number(given.value);
  throw new UsageError(`${given.option}: ${JSON.stringify(given.value)} is not a process id`);
}
