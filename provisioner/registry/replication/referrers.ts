import type { Registry } from "../client.ts";
import type { Descriptor } from "../digest-check.ts";
import { parseManifest } from "../manifest.ts";
import { subjectOf } from "../names.ts";
import { listReferrers, putReferrer } from "../referrers.ts";
import type { Tags } from "./compare.ts";
import type { ImageCopier } from "./copy.ts";

/** OCI's index, and Docker's list. */
const OF_SEVERAL = /\.(?:index|list)\.v\d/;
/** A signature of an SBOM of an image is wanted; what goes on and on is a trap. */
const DEEPEST = 3;

/** Digests of the images of an index; none of anything else. */
export async function listImages(
  registry: Registry,
  repository: string,
  digest: string,
): Promise<readonly string[]> {
  const manifest = await registry.manifest(repository, digest);
  if (manifest === undefined || !OF_SEVERAL.test(manifest.mediaType)) return [];
  return parseManifest(`${repository}@${digest}`, manifest).manifests.map((each) => each.digest);
}

/**
 * Of `names` the tags under which is kept what is said of these images, of the images of an index among them, and of
 * what is said in turn. Manifests are looked into only as long as there is a tag that may be of one of theirs.
 */
export async function readSaid(
  names: readonly string[],
  images: ReadonlySet<string>,
  digestsOf: (names: readonly string[]) => Promise<Tags>,
  imagesOf: (digest: string) => Promise<readonly string[]>,
): Promise<Tags> {
  const open = new Set(names.filter((name) => subjectOf(name) !== undefined));
  const found = new Map<string, string>();
  const seen = new Set<string>();
  for (let level = [...images]; level.length > 0 && open.size > 0; ) {
    for (const digest of level) seen.add(digest);
    const said = [...open].filter((name) => seen.has(subjectOf(name) ?? ""));
    for (const [name, digest] of await digestsOf(said)) found.set(name, digest);
    for (const name of said) open.delete(name);
    const further = open.size === 0 ? [] : (await Promise.all(level.map(imagesOf))).flat();
    level = [...new Set([...further, ...found.values()])].filter((digest) => !seen.has(digest));
  }
  return found;
}

/** Something that is said of an image at the source alone. */
export interface MissingReferrer extends Descriptor {
  readonly subject: string;
}

/**
 * Brings what the source lists as said of an image. Where it keeps tags instead, these are copied as tags; so nothing is
 * asked for twice.
 */
export class ReferrerCopier {
  readonly #source: Registry;
  readonly #destination: Registry;
  readonly #copier: ImageCopier;
  #isListed = true;

  constructor(source: Registry, destination: Registry, copier: ImageCopier) {
    this.#source = source;
    this.#destination = destination;
    this.#copier = copier;
  }

  /** Those of `digest` that the destination has not, those of its images where it is an index, and those of them in turn. */
  async missing(from: string, to: string, digest: string, depth = 0): Promise<readonly MissingReferrer[]> {
    const listed = this.#isListed && depth < DEEPEST ? await this.#source.referrers(from, digest) : undefined;
    if (listed === undefined) {
      if (depth === 0) this.#isListed = false;
      return [];
    }
    const images = depth === 0 ? await listImages(this.#source, from, digest) : [];
    const ofImages = await Promise.all(images.map((each) => this.missing(from, to, each, 1)));
    if (listed.length === 0) return ofImages.flat();
    const there = new Set((await listReferrers(this.#destination, to, digest)).map((each) => each.digest));
    const deeper = await Promise.all(listed.map((each) => this.missing(from, to, each.digest, depth + 1)));
    const absent = listed
      .filter((each) => !there.has(each.digest))
      .map((each) => ({ ...each, subject: digest }));
    return [...absent, ...deeper.flat(), ...ofImages.flat()];
  }

  async bring(from: string, to: string, { digest, subject }: MissingReferrer): Promise<void> {
    const manifest = await this.#copier.bringParts(from, to, digest);
    await putReferrer(this.#destination, to, subject, manifest);
  }
}
