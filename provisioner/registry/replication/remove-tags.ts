import type { Registry } from "../client.ts";
import { readInventory } from "../retention/inventory.ts";
import { planRemoval } from "../retention/plan-removal.ts";
import { removeImages } from "../retention/remove.ts";
import type { Tags } from "./compare.ts";

/** What runs is the registry's own rules' to know: see `registry retain`. */
const NOTHING = { digests: new Set<string>(), tags: new Set<string>() };

/**
 * Takes tags away with what only they need, signatures and SBOMs among it, and nothing that another tag or index needs.
 * Returns what went wrong, by tag. A tag that is on something else by now stays.
 */
export async function removeTags(
  registry: Registry,
  repository: string,
  wanted: Tags,
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  const inventory = await readInventory(registry, repository, nowMs);
  const moved = [...wanted].filter(([tag, digest]) => (inventory.tags.get(tag) ?? digest) !== digest);
  const failures = new Map(moved.map(([tag]) => [tag, "has moved meanwhile"]));
  const going = [...wanted.keys()].filter((tag) => !failures.has(tag));
  const plan = planRemoval(inventory, new Set(going), NOTHING);
  const { outcomes } = await removeImages(registry, inventory, plan, false);
  for (const { tag, action, why = "" } of outcomes)
    if (wanted.has(tag) && action !== "removed") failures.set(tag, why);
  return failures;
}
