import type { Clock } from "../../../core/runtime/clock.ts";
import { errorLine, PlimsollError } from "../../../core/runtime/errors.ts";
import { Registry } from "../client.ts";
import { readInventory } from "./inventory.ts";
import { type InUse, planRemoval } from "./plan-removal.ts";
import { type RemovalReport, removeImages } from "./remove.ts";
import { chooseTags, type RetentionRule } from "./rules.ts";

export interface RetentionReport extends RemovalReport {
  readonly rule: string;
  /** `team/app:v1`: nothing credible says when they were built, so that they are kept. */
  readonly ageless: readonly string[];
}

/** Applies one rule to each repository it means. One that fails costs itself, as does a registry that is away. */
export async function retain(
  rule: RetentionRule,
  inUse: InUse,
  clock: Clock,
  isDryRun: boolean,
): Promise<RetentionReport> {
  const registry = new Registry(rule.registry, clock);
  try {
    const reports: Omit<RetentionReport, "rule">[] = [];
    try {
      for (const repository of (await registry.repositories()).filter(rule.repositories))
        reports.push(await retainIn(registry, repository, rule, inUse, clock, isDryRun));
    } catch (error) {
      reports.push(failedAt("", error));
    }
    return {
      rule: rule.name,
      outcomes: reports.flatMap(({ outcomes }) => outcomes),
      manifests: reports.reduce((sum, { manifests }) => sum + manifests, 0),
      bytes: reports.reduce((sum, { bytes }) => sum + bytes, 0),
      ageless: reports.flatMap(({ ageless }) => ageless),
    };
  } finally {
    await registry.close();
  }
}

async function retainIn(
  registry: Registry,
  repository: string,
  rule: RetentionRule,
  inUse: InUse,
  clock: Clock,
  isDryRun: boolean,
): Promise<Omit<RetentionReport, "rule">> {
  try {
    const nowMs = clock.nowMs();
    let inventory = await readInventory(registry, repository, nowMs);
    // To what a container runs no tag may lead any more, and what it names may have one.
    if (chooseTags(rule, inventory, nowMs).old.size > 0)
      inventory = await readInventory(registry, repository, nowMs, [...inUse.digests]);
    const { old, ageless } = chooseTags(rule, inventory, nowMs);
    const plan = planRemoval(inventory, old, inUse);
    const report = await removeImages(registry, inventory, plan, isDryRun);
    return { ...report, ageless: ageless.map((tag) => `${repository}:${tag}`) };
  } catch (error) {
    return failedAt(repository, error);
  }
}

function failedAt(repository: string, error: unknown): Omit<RetentionReport, "rule"> {
  if (!(error instanceof PlimsollError)) throw error;
  const failed = { repository, tag: "", digest: "", action: "failed", why: errorLine(error) } as const;
  return { outcomes: [failed], manifests: 0, bytes: 0, ageless: [] };
}
