import { UsageError } from "../../core/runtime/errors.ts";
import { parseIpv4 } from "../networks/ipv4.ts";
import { isDigest, isRepository, isTag } from "../registry/names.ts";
import type { Machine } from "../resources/types.ts";
import { renderBytes } from "../step/render.ts";
import { FILE_SYSTEMS } from "../volumes/file-systems.ts";
import type { FileSystem } from "../volumes/types.ts";
import { splitLabel } from "./documents.ts";

const MIB = 2 ** 20;
/** Room for the agent and a shell; Docker itself refuses less than 6 MiB. */
const MIN_MEMORY_BYTES = 64 * MIB;
const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** [HOST[:PORT]/]PATH[:TAG][@DIGEST]. */
const IMAGE =
  /^(?:(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-f:]+\])(?::\d{1,5})?\/)?([^:@]+)(?::([^@]+))?(?:@(.+))?$/;

/** What an operator writes. */
export interface MachineText {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly net: string;
  readonly cpus: string;
  readonly memory: string;
  readonly disk: string;
  readonly fs: string;
  readonly ip?: string | undefined;
  readonly type: string;
  readonly label: readonly string[];
  readonly attach: string;
}

/** What a machine is made from, before it has an id and CPUs of its own. */
export type MachineSpec = Omit<Machine, "id" | "generation" | "limits" | "power"> & {
  readonly cpus: number;
  readonly memoryBytes: number;
};

/** Throws UsageError naming the option that is wrong. */
export function parseMachineSpec(text: MachineText, online: number): MachineSpec {
  const fileSystem = parseChoice("--fs", text.fs, ["ext4", "xfs", "btrfs"] as const);
  return {
    name: parseName(text.name),
    image: parseImage(text.image),
    command: parseCommand(text.command),
    network: text.net,
    cpus: parseCpus(text.cpus, online),
    memoryBytes: parseMemory(text.memory),
    disk: { bytes: parseDisk(text.disk, fileSystem), fileSystem },
    address: text.ip === undefined ? undefined : parseAddress(text.ip),
    type: parseToken("--type", text.type),
    labels: parseLabels(text.label),
    attach: parseChoice("--attach", text.attach, ["internal", "veth"] as const),
  };
}

/** As Docker's own clients take it; it becomes part of a path of the engine's API. */
export function parseImage(text: string): string {
  const [, path = "", tag = "latest", digest] = IMAGE.exec(text) ?? [];
  if (isRepository(path) && isTag(tag) && (digest === undefined || isDigest(digest))) return text;
  throw new UsageError(`--image: ${JSON.stringify(text)} is not the name of an image`, {
    hint: "write NAME:TAG, HOST[:PORT]/NAME:TAG or NAME@sha256:DIGEST",
  });
}

/** No argument of a program can have a NUL in it (execve(2)). */
export function parseCommand(words: readonly string[]): readonly string[] {
  const wrong = words.find((word) => word.includes("\0"));
  if (wrong === undefined) return words;
  throw new UsageError(`COMMAND: ${JSON.stringify(wrong)} has a NUL in it`);
}

/** A share of a CPU, two decimals at most, up to all that are there. */
export function parseCpus(text: string, online: number): number {
  const cpus = /^\d+(\.\d{1,2})?$/.test(text) ? Number(text) : 0;
  if (cpus >= 0.01 && cpus <= online) return cpus;
  throw new UsageError(`--cpus: ${JSON.stringify(text)} is not 0.01 to ${online}, what this host has`);
}

export function parseMemory(text: string): number {
  const bytes = parseBytes("--memory", text);
  if (bytes >= MIN_MEMORY_BYTES) return bytes;
  throw new UsageError(`--memory: ${text} is less than ${renderBytes(MIN_MEMORY_BYTES)}`);
}

export function parseDisk(text: string, fileSystem: FileSystem): number {
  const bytes = parseBytes("--disk", text);
  const { minBytes } = FILE_SYSTEMS[fileSystem];
  if (bytes >= minBytes) return bytes;
  throw new UsageError(`--disk: ${text} is less than ${renderBytes(minBytes)}, the least for ${fileSystem}`);
}

/** `512M`, `1.5G`, `20GiB`: powers of 1024, whole MiB. */
export function parseBytes(option: string, text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)([KMGT])(?:i?B)?$/.exec(text) ?? [];
  const bytes = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (number !== "" && bytes % MIB === 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`${option}: ${JSON.stringify(text)} is not a size in whole MiB`, {
    hint: "write 512M, 1.5G or 2T",
  });
}

/** The names of `count` machines: the name alone for one. */
export function namesOf(name: string, count: number): readonly string[] {
  return count === 1
    ? [name]
    : Array.from({ length: count }, (_, index) => parseName(`${name}-${index + 1}`));
}

function parseName(text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new UsageError(
    `NAME: ${JSON.stringify(text)}: small letters, digits and dashes, 63 at most, no dash at either end`,
  );
}

function parseAddress(text: string): string {
  if (parseIpv4(text) !== undefined) return text;
  throw new UsageError(`--ip: ${JSON.stringify(text)} is not an IPv4 address`);
}

function parseToken(option: string, text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(text)) return text;
  throw new UsageError(`${option}: ${JSON.stringify(text)}: letters, digits, dots, dashes, underscores`);
}

/** Names as Prometheus has them, without its own (`__…`); those that the agent sets itself are not for others. */
function parseLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  const labels = texts.map(splitLabel);
  for (const [index, [name, value]] of labels.entries()) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what would break a line of a list or of an exposition
    if (!/^(?!__)[A-Za-z_][A-Za-z0-9_]*$/.test(name) || !/^[^\u0000-\u001f\u007f]+$/.test(value))
      throw new UsageError(`--label: ${JSON.stringify(texts[index])} is not NAME=VALUE`);
    if (["ip", "instance", "hostname", "type", "job"].includes(name))
      throw new UsageError(`--label: ${name} is set by the agent itself`);
  }
  if (new Set(labels.map(([name]) => name)).size < labels.length)
    throw new UsageError("--label: a name is given twice");
  return Object.fromEntries(labels);
}

function parseChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`${option}: ${JSON.stringify(text)} is not one of ${choices.join(", ")}`);
}
