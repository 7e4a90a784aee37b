import type { Registry } from "../client.ts";
import type { Descriptor } from "../digest-check.ts";
import { listReferrers, putReferrer } from "../referrers.ts";
import type { ImageCopier } from "./copy.ts";

/** A signature of an SBOM of an image is wanted; what goes on and on is a trap. */
const DEEPEST = 3;

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

  /** Those of `digest` that the destination has not, and those of them in turn. */
  async missing(from: string, to: string, digest: string, depth = 0): Promise<readonly MissingReferrer[]> {
    const listed = this.#isListed && depth < DEEPEST ? await this.#source.referrers(from, digest) : undefined;
    if (listed === undefined) {
      if (depth === 0) this.#isListed = false;
      return [];
    }
    if (listed.length === 0) return [];
    const there = new Set((await listReferrers(this.#destination, to, digest)).map((each) => each.digest));
    const deeper = await Promise.all(listed.map((each) => this.missing(from, to, each.digest, depth + 1)));
    const absent = listed
      .filter((each) => !there.has(each.digest))
      .map((each) => ({ ...each, subject: digest }));
    return [...absent, ...deeper.flat()];
  }

  async bring(from: string, to: string, { digest, subject }: MissingReferrer): Promise<void> {
    const manifest = await this.#copier.bringParts(from, to, digest);
    await putReferrer(this.#destination, to, subject, manifest);
  }
}
