import { existsSync } from "node:fs";
import { environmentOption, readConfigFile } from "../../../core/runtime/config.ts";
import { parseDuration } from "../../../core/runtime/duration.ts";
import { UsageError } from "../../../core/runtime/errors.ts";
import type { RegistryAccess } from "../connection.ts";
import { subjectOf } from "../names.ts";
import { type Filter, parseFilter } from "../replication/filter.ts";
import { DEFAULT_FILE, openTop, parseRegistries } from "../replication/rules.ts";
import type { Inventory } from "./inventory.ts";

/** Which tags go when they are old, or many. */
export interface RetentionRule {
  readonly name: string;
  readonly registry: RegistryAccess;
  readonly repositories: Filter;
  /** The others are not touched, nor do they count. */
  readonly tags: Filter;
  /** Of each repository, by when they were built; 0 unless told. */
  readonly keepLast: number;
  /** 0 unless told. */
  readonly keepForMs: number;
}

const KEYS = ["registry", "repositories", "tags", "keepLast", "keepFor"] as const;

export async function readRetention(path: string | undefined): Promise<readonly RetentionRule[]> {
  const file = path ?? environmentOption("REGISTRY_CONFIG") ?? DEFAULT_FILE;
  return parseRetention(file, await readConfigFile(file));
}

/** The same; none where no file is named and there is no default one. */
export async function findRetention(path: string | undefined): Promise<readonly RetentionRule[]> {
  const named = path ?? environmentOption("REGISTRY_CONFIG");
  return named === undefined && !existsSync(DEFAULT_FILE) ? [] : readRetention(named);
}

export function parseRetention(
  file: string,
  values: Readonly<Record<string, unknown>>,
): readonly RetentionRule[] {
  const top = openTop(file, values);
  const registries = parseRegistries(top);
  return top.named("retention", KEYS).map(([name, rule]) => {
    const keepFor = rule.optionalText("keepFor");
    const keepLast = rule.number("keepLast", 0, 0, 1_000_000);
    if (keepFor === undefined && keepLast === 0)
      throw new UsageError(`configuration ${file}: retention.${name}: keepLast or keepFor is needed`);
    return {
      name,
      registry:
        registries.get(rule.text("registry")) ?? rule.refuse("registry", "is not one of the registries"),
      repositories: parseFilter(rule.nameOf("repositories"), rule.texts("repositories", "patterns")),
      tags: parseFilter(rule.nameOf("tags"), rule.texts("tags", "patterns")),
      keepLast,
      keepForMs: keepFor === undefined ? 0 : parseDuration(rule.nameOf("keepFor"), keepFor),
    };
  });
}

/** Tags that are past what a rule keeps, and those it cannot tell the age of: they are kept. */
export function chooseTags(
  { tags: isMeant, keepLast, keepForMs }: Pick<RetentionRule, "tags" | "keepLast" | "keepForMs">,
  { tags, manifests }: Inventory,
  nowMs: number,
): { readonly old: ReadonlySet<string>; readonly ageless: readonly string[] } {
  const meant = [...tags]
    .filter(([tag]) => isMeant(tag) && subjectOf(tag) === undefined)
    .map(([tag, digest]) => ({ tag, createdMs: manifests.get(digest)?.createdMs }));
  const dated = meant.flatMap(({ tag, createdMs }) => (createdMs === undefined ? [] : [{ tag, createdMs }]));
  dated.sort((a, b) => b.createdMs - a.createdMs || byNumbers.compare(b.tag, a.tag));
  const old = dated.slice(keepLast).filter(({ createdMs }) => nowMs - createdMs >= keepForMs);
  const ageless = meant.filter(({ createdMs }) => createdMs === undefined).map(({ tag }) => tag);
  return { old: new Set(old.map(({ tag }) => tag)), ageless };
}

/** v10 after v9. */
const byNumbers = new Intl.Collator("en", { numeric: true });
