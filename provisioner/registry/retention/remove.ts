import { errorLine, PlimsollError } from "../../../core/runtime/errors.ts";
import type { Registry } from "../client.ts";
import { RegistryError } from "../registry-error.ts";
import { type Inventory, namesOf, readTags } from "./inventory.ts";
import type { RemovalPlan } from "./plan-removal.ts";

/** What has become of one tag that was to go. */
export interface RemovalOutcome {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  /** `kept`: the reason is in `why`. */
  readonly action: "removed" | "kept" | "failed";
  readonly why?: string;
}

export interface RemovalReport {
  readonly outcomes: readonly RemovalOutcome[];
  /** How many are gone, images of an index and those without a tag among them. */
  readonly manifests: number;
  /** What gc can free then, as far as no other repository needs it. */
  readonly bytes: number;
}

/** Does what is planned, unless the repository is no longer what the plan was made of. */
export async function removeImages(
  registry: Registry,
  inventory: Inventory,
  plan: RemovalPlan,
  isDryRun: boolean,
): Promise<RemovalReport> {
  const { repository, tags } = inventory;
  const used = plan.used.map((tag) => {
    const why = "a container runs it";
    return { repository, tag, digest: tags.get(tag) ?? "", action: "kept", why } as const;
  });
  const all = plan.tags.map((each) => ({ repository, ...each, action: "removed" }) as const);
  if (isDryRun || all.length + plan.manifests.length === 0)
    return { outcomes: [...used, ...all], manifests: plan.manifests.length, bytes: plan.bytes };
  if (!isSame(tags, await readTags(registry, repository))) {
    throw new RegistryError(
      `registry ${registry.host}: ${repository} was pushed to meanwhile: nothing is removed`,
      {
        hint: "run it again",
      },
    );
  }
  const failures = await removeManifests(registry, inventory, plan.manifests);
  const going = new Set(plan.manifests);
  const outcomes: RemovalOutcome[] = [...used];
  for (const each of all) {
    const failure = failures.get(each.digest);
    if (failure !== undefined) outcomes.push({ ...each, action: "failed", why: failure });
    else if (going.has(each.digest)) outcomes.push(each);
    else outcomes.push({ ...each, ...(await removeTag(registry, repository, each.tag)) });
  }
  // Nothing is said of what is left where something failed.
  const bytes = failures.size === 0 ? plan.bytes : 0;
  return { outcomes, manifests: plan.manifests.length - failures.size, bytes };
}

/** Their tags go with them. What one names that could not be removed stays with it. Returns what failed, by digest. */
async function removeManifests(
  registry: Registry,
  { repository, manifests }: Inventory,
  digests: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const failures = new Map<string, string>();
  const spared = new Map<string, string>();
  for (const digest of digests) {
    const why = spared.get(digest) ?? (await removeManifest(registry, repository, digest));
    if (why === undefined) continue;
    failures.set(digest, why);
    for (const named of namesOf(manifests.get(digest))) spared.set(named, why);
  }
  return failures;
}

/** Why it is not removed. */
async function removeManifest(
  registry: Registry,
  repository: string,
  digest: string,
): Promise<string | undefined> {
  try {
    await registry.removeManifest(repository, digest);
    return undefined;
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    return errorLine(error);
  }
}

/** Registries before Distribution 3 delete by digest alone, which would take the others along. */
async function removeTag(
  registry: Registry,
  repository: string,
  tag: string,
): Promise<Pick<RemovalOutcome, "action" | "why">> {
  try {
    if (await registry.removeManifest(repository, tag)) return { action: "removed" };
    return { action: "kept", why: "its image is needed, and this registry deletes by digest alone" };
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    return { action: "failed", why: errorLine(error) };
  }
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([tag, digest]) => b.get(tag) === digest);
}
