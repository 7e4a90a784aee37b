import { UsageError } from "../core/runtime/errors.ts";
import { type Given, type GivenValue, oneOf, switchText } from "../core/runtime/options.ts";
import { PROC_FILES } from "./proc-files/index.ts";
import {
  DEFAULT_VIEW_OPTIONS,
  type ViewChoices,
  type ViewException,
  type ViewOptions,
} from "./view/view-options.ts";

/** The options of `serve` that decide what containers see. */
export const VIEW_KEYS = ["cpus", "possibleCpus", "loadavg", "swap", "hostFiles"] as const;

export type ViewKey = (typeof VIEW_KEYS)[number];

/** A configuration may say them as true and false, too. */
export const VIEW_SWITCHES: readonly ViewKey[] = ["loadavg", "swap"];

type GivenBy = (key: ViewKey) => Given | undefined;

const CPUS = ["both", "cpuset", "quota", "host"] as const;
const POSSIBLE = ["host", "visible"] as const;
const SWITCH = ["on", "off"] as const;
const SWAP = [...SWITCH, "memsw"] as const;

/** `containers`: what the configuration file says of some of them. Throws UsageError naming the option that is wrong. */
export function parseViewOptions(given: GivenBy, containers?: GivenValue): ViewOptions {
  const choices = parseChoices(given, DEFAULT_VIEW_OPTIONS);
  const exceptions = Object.entries(mappingOf(containers)).map(([cgroup, value]) =>
    parseException({ option: `${containers?.option} ${cgroup}`, value }, cgroup, choices),
  );
  return { ...choices, exceptions };
}

/** What is not given is as in `general`. */
function parseChoices(given: GivenBy, general: ViewChoices): ViewChoices {
  const loadavg = oneOf(SWITCH, "a switch", given("loadavg"));
  const hostFiles = given("hostFiles");
  return {
    cpus: oneOf(CPUS, "a CPU policy", given("cpus")) ?? general.cpus,
    possibleCpus: oneOf(POSSIBLE, "a choice of possible CPUs", given("possibleCpus")) ?? general.possibleCpus,
    loadavg: loadavg === undefined ? general.loadavg : loadavg === "on",
    swap: oneOf(SWAP, "a switch", given("swap")) ?? general.swap,
    hostFiles: hostFiles === undefined ? general.hostFiles : parseFiles(hostFiles),
  };
}

function parseException(given: GivenValue, cgroup: string, general: ViewChoices): ViewException {
  if (!cgroup.startsWith("/")) {
    throw new UsageError(`${given.option} is not the path of a cgroup`, {
      hint: "as /proc/PID/cgroup has it, e.g. /docker/*, /kubepods.slice/**",
    });
  }
  const texts = new Map(Object.entries(mappingOf(given)).map(([key, value]) => textOf(given, key, value)));
  return { cgroup, choices: parseChoices((key) => texts.get(key), general) };
}

function mappingOf(given: GivenValue | undefined): Readonly<Record<string, unknown>> {
  const value = given?.value ?? {};
  if (typeof value === "object" && !Array.isArray(value)) return { ...value };
  throw new UsageError(`${given?.option} must be a mapping`);
}

function textOf({ option }: GivenValue, key: string, value: unknown): readonly [string, Given] {
  if (!VIEW_KEYS.some((known) => known === key)) {
    throw new UsageError(`${option}: unknown option ${JSON.stringify(key)}`, {
      hint: `known are ${VIEW_KEYS.join(", ")}`,
    });
  }
  const text = VIEW_SWITCHES.some((known) => known === key) ? switchText(value) : value;
  if (typeof text === "string") return [key, { option: `${option}: ${key}`, value: text }];
  throw new UsageError(`${option}: ${key} must be a text`);
}

function parseFiles({ option, value }: Given): readonly string[] {
  const known = PROC_FILES.map(({ path }) => path);
  const names = value.split(",").map((name) => name.trim());
  return names
    .filter((name) => name !== "")
    .flatMap((name) => oneOf(known, "a virtual file", { option, value: name }) ?? []);
}
