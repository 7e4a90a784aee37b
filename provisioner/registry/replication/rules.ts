import { existsSync, readFileSync } from "node:fs";
import { environmentOption, readConfigFile } from "../../../core/runtime/config.ts";
import { errnoOf, UsageError } from "../../../core/runtime/errors.ts";
import { Mapping } from "../../host/mapping.ts";
import type { RegistryAccess } from "../connection.ts";
import { isRepository } from "../names.ts";
import { journalOf, refuseCircles } from "./circles.ts";
import { type Filter, parseFilter } from "./filter.ts";
import { parseBytesPerSecond, parseRateHours, type RateHours } from "./rate.ts";

export const DEFAULT_FILE = "/etc/plimsoll/registry.yaml";

/** What is copied from where to where. */
export interface SyncRule {
  readonly name: string;
  /** Whose notes these are: two rules that lead to each other share theirs, or neither would know what the other brought. */
  readonly journal: string;
  readonly from: RegistryAccess;
  readonly to: RegistryAccess;
  readonly repositories: Filter;
  readonly tags: Filter;
  /** In front of the repository's name at the destination: `mirror` makes `mirror/team/app`. */
  readonly prefix: string | undefined;
  /** Tags that this rule has brought and that are gone at the source go at the destination as well. */
  readonly deletes: boolean;
  /** The source is right wherever the two have diverged. */
  readonly overwrite: boolean;
  /** Tags looked at, or copied, at once. */
  readonly parallel: number;
  /** Infinity unless told. */
  readonly bytesPerSecond: number;
  /** Hours of the day with a rate of their own. */
  readonly rateHours: readonly RateHours[];
  /** A file: what an image must be like to get a tag at the destination. */
  readonly policyFile: string | undefined;
}

const TOP_KEYS = ["registries", "rules", "retention", "warm"] as const;
type Top = Mapping<(typeof TOP_KEYS)[number]>;
const REGISTRY_KEYS = ["url", "username", "passwordFile", "caFile"] as const;
const RULE_KEYS = [
  "from",
  "to",
  "repositories",
  "tags",
  "prefix",
  "deletes",
  "overwrite",
  "parallel",
  "rate",
  "rateBetween",
  "policy",
] as const;
type RuleKey = (typeof RULE_KEYS)[number];
const PRESET_PARALLEL = 16;

/** `path`, else PLIMSOLL_REGISTRY_CONFIG, else the default file. */
export async function readRules(path: string | undefined): Promise<readonly SyncRule[]> {
  const file = path ?? environmentOption("REGISTRY_CONFIG") ?? DEFAULT_FILE;
  return parseRules(file, await readConfigFile(file));
}

/** The same; none where no file is named and there is no default one. */
export async function findRules(path: string | undefined): Promise<readonly SyncRule[]> {
  const named = path ?? environmentOption("REGISTRY_CONFIG");
  return named === undefined && !existsSync(DEFAULT_FILE) ? [] : readRules(named);
}

/** How a registry is reached, by the same file where it names that one; without a user otherwise. */
export async function findRegistry(path: string | undefined, url: string): Promise<RegistryAccess> {
  const named = path ?? environmentOption("REGISTRY_CONFIG");
  if (named === undefined && !existsSync(DEFAULT_FILE)) return { url };
  const file = named ?? DEFAULT_FILE;
  const registries = parseRegistries(openTop(file, await readConfigFile(file)));
  return [...registries.values()].find((registry) => registry.url === url) ?? { url };
}

export function parseRules(file: string, values: Readonly<Record<string, unknown>>): readonly SyncRule[] {
  const top = openTop(file, values);
  const registries = parseRegistries(top);
  const rules = top.named("rules", RULE_KEYS).map(([name, mapping]) => {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
      throw new UsageError(
        `configuration ${file}: ${JSON.stringify(name)} is not a rule's name: small letters, digits, . and -`,
      );
    return parseRule(name, mapping, registries);
  });
  refuseCircles(file, rules);
  return rules.map((rule) => ({ ...rule, journal: journalOf(rule, rules) }));
}

/** The file's top. Each reads its own part, and knows of the others. */
export function openTop(file: string, values: Readonly<Record<string, unknown>>): Top {
  return new Mapping(`configuration ${file}`, "", values, TOP_KEYS);
}

export function parseRegistries(top: Top): ReadonlyMap<string, RegistryAccess> {
  return new Map(
    top.named("registries", REGISTRY_KEYS).map(([name, mapping]) => [name, parseRegistry(mapping)]),
  );
}

function parseRegistry(mapping: Mapping<(typeof REGISTRY_KEYS)[number]>): RegistryAccess {
  const url = mapping.text("url").replace(/\/$/, "");
  if (!/^https?:\/\/[^/\s@]+$/.test(url))
    mapping.refuse("url", `${JSON.stringify(url)} is not http[s]://HOST[:PORT]`);
  const username = mapping.optionalText("username");
  const passwordFile = mapping.optionalText("passwordFile");
  if ((username === undefined) !== (passwordFile === undefined))
    mapping.refuse("username", "username and passwordFile go together");
  const caFile = mapping.optionalText("caFile");
  return {
    url,
    ...(caFile === undefined ? {} : { caFile }),
    ...(username === undefined || passwordFile === undefined
      ? {}
      : { credentials: { username, password: readPassword(mapping, passwordFile) } }),
  };
}

function readPassword(mapping: Mapping<(typeof REGISTRY_KEYS)[number]>, path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    return mapping.refuse("passwordFile", `${path} cannot be read: ${errnoOf(cause)}`);
  }
}

function parseRule(
  name: string,
  mapping: Mapping<RuleKey>,
  registries: ReadonlyMap<string, RegistryAccess>,
): SyncRule {
  const end = (key: "from" | "to"): RegistryAccess =>
    registries.get(mapping.text(key)) ?? mapping.refuse(key, "is not one of the registries");
  const filter = (key: "repositories" | "tags"): Filter =>
    parseFilter(mapping.nameOf(key), mapping.texts(key, "patterns"));
  const prefix = mapping.optionalText("prefix")?.replace(/\/$/, "");
  if (prefix !== undefined && !isRepository(prefix))
    mapping.refuse("prefix", "must be the beginning of a repository's name");
  return {
    name,
    journal: name,
    from: end("from"),
    to: end("to"),
    repositories: filter("repositories"),
    tags: filter("tags"),
    prefix,
    deletes: mapping.flag("deletes", false),
    overwrite: mapping.flag("overwrite", false),
    parallel: mapping.number("parallel", PRESET_PARALLEL, 1, 256),
    bytesPerSecond: parseRate(mapping),
    rateHours: mapping.texts("rateBetween", "hours").map((text) => {
      const hours = parseRateHours(text);
      return (
        hours ?? mapping.refuse("rateBetween", `${JSON.stringify(text)} is not hours, as 22:00-06:00 100M`)
      );
    }),
    policyFile: mapping.optionalText("policy") === undefined ? undefined : mapping.path("policy"),
  };
}

function parseRate(mapping: Mapping<RuleKey>): number {
  const text = mapping.optionalText("rate");
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const rate = parseBytesPerSecond(text);
  return (
    rate ?? mapping.refuse("rate", `${JSON.stringify(text)} is not bytes per second, as 500K, 20M or 1G`)
  );
}
