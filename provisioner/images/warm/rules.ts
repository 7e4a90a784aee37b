import { existsSync } from "node:fs";
import { environmentOption, readConfigFile } from "../../../core/runtime/config.ts";
import { parseDuration } from "../../../core/runtime/duration.ts";
import type { Mapping } from "../../host/mapping.ts";
import { splitLabel } from "../../machines/documents.ts";
import type { RegistryAccess } from "../../registry/connection.ts";
import { type Filter, parseFilter } from "../../registry/replication/filter.ts";
import { DEFAULT_FILE, openTop, parseRegistries } from "../../registry/replication/rules.ts";

/** Which images are to be on which hosts before anybody asks for them. */
export interface WarmRule {
  readonly name: string;
  readonly registry: RegistryAccess;
  readonly repositories: Filter;
  readonly tags: Filter;
  /** That an image itself must have, as `NAME=VALUE`. */
  readonly labels: readonly string[];
  /** Only those that the most machines are made of; all of them unless told. */
  readonly top: number | undefined;
  /** Hosts with all of these labels. */
  readonly hostLabels: Readonly<Record<string, string>>;
  /** Hosts that pull at once. */
  readonly parallel: number;
  /** What people write in front of the repository: the registry's host unless told. */
  readonly as: string;
  /** How often `plimsoll serve` looks; never unless told. */
  readonly everyMs: number | undefined;
  /** A file: what is not as it says is not pulled. */
  readonly policyFile: string | undefined;
}

const KEYS = [
  ...["registry", "repositories", "tags", "labels", "top"],
  ...["hosts", "parallel", "as", "every", "policy"],
] as const;
type Rule = Mapping<(typeof KEYS)[number]>;
const PRESET_PARALLEL = 4;

/** `path`, else PLIMSOLL_REGISTRY_CONFIG, else the default file. */
export async function readWarmRules(path: string | undefined): Promise<readonly WarmRule[]> {
  const file = path ?? environmentOption("REGISTRY_CONFIG") ?? DEFAULT_FILE;
  return parseWarmRules(file, await readConfigFile(file));
}

/** The same of this host; none where no file is named and there is no default one. */
export async function findWarmRules(): Promise<readonly WarmRule[]> {
  const named = environmentOption("REGISTRY_CONFIG");
  return named === undefined && !existsSync(DEFAULT_FILE) ? [] : readWarmRules(named);
}

export function parseWarmRules(file: string, values: Readonly<Record<string, unknown>>): readonly WarmRule[] {
  const top = openTop(file, values);
  const registries = parseRegistries(top);
  return top.named("warm", KEYS).map(([name, rule]) => {
    // It becomes part of a key of the store.
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
      rule.refuse("registry", `${JSON.stringify(name)} is not a rule's name: small letters, digits, . and -`);
    return parseRule(name, rule, registries);
  });
}

function parseRule(name: string, rule: Rule, registries: ReadonlyMap<string, RegistryAccess>): WarmRule {
  const filter = (key: "repositories" | "tags"): Filter =>
    parseFilter(rule.nameOf(key), rule.texts(key, "patterns"));
  const registry =
    registries.get(rule.text("registry")) ?? rule.refuse("registry", "is not one of the registries");
  const top = rule.number("top", 0, 1, 1000);
  const every = rule.optionalText("every");
  const as = rule.text("as", new URL(registry.url).host).replace(/\/$/, "");
  if (!/^[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[a-z0-9._/-]+)?$/.test(as))
    rule.refuse("as", `${JSON.stringify(as)} is not what the name of an image begins with`);
  return {
    ...{ name, registry, as },
    repositories: filter("repositories"),
    tags: filter("tags"),
    labels: parseLabels(rule, "labels"),
    top: top === 0 ? undefined : Math.floor(top),
    hostLabels: Object.fromEntries(parseLabels(rule, "hosts").map(splitLabel)),
    parallel: Math.floor(rule.number("parallel", PRESET_PARALLEL, 1, 1000)),
    everyMs: every === undefined ? undefined : parseDuration(rule.nameOf("every"), every),
    policyFile: rule.optionalText("policy") === undefined ? undefined : rule.path("policy"),
  };
}

function parseLabels(rule: Rule, key: "labels" | "hosts"): readonly string[] {
  const texts = rule.texts(key, "NAME=VALUE");
  return texts.every((text) => /^[^=\s]+=[^=]+$/.test(text)) ? texts : rule.refuse(key, "must be NAME=VALUE");
}
