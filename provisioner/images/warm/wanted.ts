import { NotFoundError, PlimsollError } from "../../../core/runtime/errors.ts";
import { nameInEngine } from "../../fleet/held-images.ts";
import type { Registry } from "../../registry/client.ts";
import { subjectOf } from "../../registry/names.ts";
import type { Judge } from "../../registry/replication/synchronize.ts";
import { readFromRegistry } from "../from-registry.ts";
import type { WantedImage } from "./documents.ts";
import type { WarmRule } from "./rules.ts";

/** More is a rule without a filter: no host has room for it. */
const MAX_IMAGES = 500;

export interface Wanted {
  readonly images: readonly WantedImage[];
  /** What a rule means and its policy refuses: it is not pulled. */
  readonly refused: readonly { readonly image: string; readonly reasons: readonly string[] }[];
}

interface Tagged {
  readonly repository: string;
  readonly tag: string;
}

/**
 * What a rule means now, by digest: all hosts get the same, also when a tag moves while they pull. `used` are the images
 * of all machines, as often as they are used.
 */
export async function readWanted(
  rule: WarmRule,
  registry: Registry,
  used: readonly string[],
  platform: string,
  judge: Judge | undefined,
): Promise<Wanted> {
  const tagged = rule.top === undefined ? await listTagged(rule, registry) : chooseTop(rule, used);
  if (tagged.length > MAX_IMAGES)
    throw new PlimsollError(
      "WARM",
      `rule ${rule.name}: means ${tagged.length} images, more than ${MAX_IMAGES}`,
      {
        hint: "repositories:, tags: and top: choose",
      },
    );
  const [images, refused]: [WantedImage[], { image: string; reasons: readonly string[] }[]] = [[], []];
  for (const { repository, tag } of tagged) {
    const digest = await registry.digestOf(repository, tag);
    // Gone since it was listed, or used by a machine and not in this registry any more.
    if (digest === undefined || !(await hasLabels(rule, registry, repository, digest, platform))) continue;
    const image = nameInEngine(`${rule.as}/${repository}:${tag}`);
    const reasons = (await judge?.(repository, digest)) ?? [];
    if (reasons.length > 0) refused.push({ image, reasons });
    else images.push({ image, from: `${registry.host}/${repository}`, digest });
  }
  return { images, refused };
}

async function listTagged({ repositories, tags }: WarmRule, registry: Registry): Promise<readonly Tagged[]> {
  const chosen = (await registry.repositories()).filter(repositories);
  const found: Tagged[] = [];
  for (const repository of chosen) {
    const names = (await registry.tags(repository)).filter(
      (tag) => tags(tag) && subjectOf(tag) === undefined,
    );
    found.push(...names.map((tag) => ({ repository, tag })));
  }
  return found;
}

/** The most used first, and by name where that is the same. */
export function chooseTop(
  { as, top, repositories, tags }: Pick<WarmRule, "as" | "top" | "repositories" | "tags">,
  used: readonly string[],
): readonly Tagged[] {
  const prefix = nameInEngine(`${as}/a`).slice(0, -"a:latest".length);
  const counts = new Map<string, number>();
  for (const name of used.map(nameInEngine)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .flatMap(([name]): readonly Tagged[] => {
      const [, repository = "", tag = ""] = /^([^@]+):([^/:@]+)$/.exec(name.slice(prefix.length)) ?? [];
      const isMeant = name.startsWith(prefix) && repository !== "" && repositories(repository) && tags(tag);
      return isMeant ? [{ repository, tag }] : [];
    })
    .slice(0, top);
}

async function hasLabels(
  { labels }: WarmRule,
  registry: Registry,
  repository: string,
  digest: string,
  platform: string,
): Promise<boolean> {
  if (labels.length === 0) return true;
  try {
    const image = await readFromRegistry(
      registry,
      { registry: registry.url, repository, reference: digest },
      platform,
    );
    const found = Object.entries(image.config.labels).map(([name, value]) => `${name}=${value}`);
    return labels.every((label) => found.includes(label));
  } catch (error) {
    // An artifact, or an image of other platforms: no host of ours could run it.
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}
