import { readConfig } from "../../images/from-registry.ts";
import { inSlot, Slots } from "../../reconcile/slots.ts";
import type { Registry } from "../client.ts";
import type { Descriptor } from "../digest-check.ts";
import { parseJson, parseManifest } from "../manifest.ts";
import { isDigest } from "../names.ts";

/** One repository: its tags, and all manifests that they lead to. */
export interface Inventory {
  readonly repository: string;
  /** Digests by tag. */
  readonly tags: ReadonlyMap<string, string>;
  readonly manifests: ReadonlyMap<string, ManifestNode>;
}

export interface ManifestNode {
  /** Digests of what an index names. */
  readonly children: readonly string[];
  /** What it is said of. */
  readonly subject?: string | undefined;
  /** Its configuration and its layers. */
  readonly blobs: readonly Descriptor[];
  /** When the image was built, of an index the youngest one; undefined where nothing credible is said. */
  readonly createdMs: number | undefined;
}

/** Digests of all that one names. */
export function namesOf(node: ManifestNode | undefined): readonly string[] {
  const { children = [], subject } = node ?? {};
  return subject === undefined ? children : [...children, subject];
}

const AT_ONCE = 16;
/** Builds that are meant to be reproducible write 1970 or 1980 into their images. */
const FIRST_CREDIBLE_MS = Date.UTC(2001, 0);
/** A clock ahead of ours is no reason to doubt. */
const LEEWAY_MS = 86_400_000;

/** Digests by tag. A tag that goes between the list and the question is as if it had not been listed. */
export async function readTags(registry: Registry, repository: string): Promise<ReadonlyMap<string, string>> {
  const slots = new Slots(AT_ONCE);
  const names = await registry.tags(repository);
  const found = await Promise.all(
    names.map((name) =>
      inSlot(slots, async () => [name, await registry.digestOf(repository, name)] as const),
    ),
  );
  return new Map(found.flatMap(([name, digest]) => (digest === undefined ? [] : [[name, digest] as const])));
}

/**
 * `more` are digests to be looked at although no tag leads to them. What is said of an image has no tag either where the
 * registry lists it.
 */
export async function readInventory(
  registry: Registry,
  repository: string,
  nowMs: number,
  more: readonly string[] = [],
): Promise<Inventory> {
  const tags = await readTags(registry, repository);
  const manifests = new Map<string, ManifestNode>();
  const slots = new Slots(AT_ONCE);
  let isListed = true;
  const saidOf = async (digest: string): Promise<readonly string[]> => {
    const listed = isListed ? await inSlot(slots, () => registry.referrers(repository, digest)) : [];
    isListed &&= listed !== undefined;
    return (listed ?? []).map((each) => each.digest);
  };
  let level = [...new Set([...tags.values(), ...more])];
  while (level.length > 0) {
    const read = (digest: string): Promise<ManifestNode | undefined> =>
      inSlot(slots, () => readNode(registry, repository, digest, nowMs));
    const nodes = await Promise.all(level.map(async (digest) => [digest, await read(digest)] as const));
    for (const [digest, node] of nodes) if (node !== undefined) manifests.set(digest, node);
    const children = nodes.flatMap(([, node]) => node?.children ?? []);
    const referrers = (await Promise.all(level.map(saidOf))).flat();
    level = [...new Set([...children, ...referrers])].filter((digest) => !manifests.has(digest));
  }
  return { repository, tags, manifests: withAges(manifests) };
}

async function readNode(
  registry: Registry,
  repository: string,
  digest: string,
  nowMs: number,
): Promise<ManifestNode | undefined> {
  const manifest = await registry.manifest(repository, digest);
  if (manifest === undefined) return undefined;
  const what = `${repository}@${digest}`;
  const { manifests, config, layers } = parseManifest(what, manifest);
  const node = {
    children: manifests.map((child) => child.digest),
    subject: parseSubject(parseJson(what, manifest.bytes).subject),
    blobs: config === undefined ? layers : [config, ...layers],
  };
  if (config === undefined || !/image/.test(config.mediaType)) return { ...node, createdMs: undefined };
  const bytes = await readConfig(what, { open: (blob) => registry.blobs.read(repository, blob) }, config);
  const { created } = parseJson(`configuration of ${what}`, bytes);
  return { ...node, createdMs: parseCreated(created, nowMs) };
}

function parseSubject(value: unknown): string | undefined {
  const { digest } = (value ?? {}) as { digest?: unknown };
  return typeof digest === "string" && isDigest(digest) ? digest : undefined;
}

export function parseCreated(value: unknown, nowMs: number): number | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return ms >= FIRST_CREDIBLE_MS && ms <= nowMs + LEEWAY_MS ? ms : undefined;
}

/** An index is as young as the youngest of its images, those of an index in it among them. */
function withAges(manifests: ReadonlyMap<string, ManifestNode>): ReadonlyMap<string, ManifestNode> {
  const ageOf = (index: string): number | undefined => {
    const images = new Set([index]);
    // A set that grows while it is walked through: what is added is visited as well.
    for (const digest of images) for (const child of manifests.get(digest)?.children ?? []) images.add(child);
    const known = [...images].flatMap((digest) => manifests.get(digest)?.createdMs ?? []);
    return known.length === 0 ? undefined : Math.max(...known);
  };
  return new Map([...manifests].map(([digest, node]) => [digest, { ...node, createdMs: ageOf(digest) }]));
}
