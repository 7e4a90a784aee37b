import { Slots } from "../../reconcile/slots.ts";
import type { Registry } from "../client.ts";
import type { Descriptor } from "../digest-check.ts";
import { type Manifest, parseManifest } from "../manifest.ts";
import { RegistryError } from "../registry-error.ts";
import type { Throttle } from "./throttle.ts";

/** Blobs of all images at once. */
const BLOBS_AT_ONCE = 8;
/** An index in an index is allowed; one that goes on and on is a trap. */
const DEEPEST = 4;

/**
 * Copies images between two registries. Parts come first and the tag is last, as the registry itself
 * demands: what is under a tag is whole. What is there already is not sent again.
 */
export class ImageCopier {
  readonly #source: Registry;
  readonly #destination: Registry;
  readonly #throttle: Throttle;
  readonly #blobSlots = new Slots(BLOBS_AT_ONCE);
  /** By `repository@digest` of the destination: parts that are, or are being, brought there. */
  readonly #brought = new Map<string, Promise<void>>();
  /** A repository of the destination that has the blob: it is taken over from there. */
  readonly #homes = new Map<string, string>();

  constructor(source: Registry, destination: Registry, throttle: Throttle) {
    this.#source = source;
    this.#destination = destination;
    this.#throttle = throttle;
  }

  /** The manifest is asked for by its digest: a tag that moves meanwhile is the next run's. */
  async copy(from: string, to: string, tag: string, digest: string): Promise<void> {
    const manifest = await this.bringParts(from, to, digest);
    await this.#destination.putManifest(to, tag, manifest);
  }

  /** All that a manifest names, and the manifest itself, which is yet to be pushed. */
  bringParts(from: string, to: string, digest: string): Promise<Manifest> {
    return this.#bringParts(from, to, digest, 0);
  }

  async #bringParts(from: string, to: string, digest: string, depth: number): Promise<Manifest> {
    const what = `${from}@${digest}`;
    if (depth > DEEPEST) throw new RegistryError(`${what}: an index in an index, ${depth} deep`);
    const manifest = await this.#source.manifest(from, digest);
    if (manifest === undefined)
      throw new RegistryError(`registry ${this.#source.host}: ${what} is not there any more`);
    const { manifests, config, layers } = parseManifest(what, manifest);
    const blobs = config === undefined ? layers : [config, ...layers];
    await allSettledOrThrow([
      ...blobs.map((blob) => this.#once(to, blob.digest, () => this.#bringBlob(from, to, blob))),
      ...manifests.map((child) =>
        this.#once(to, child.digest, () => this.#bringChild(from, to, child, depth)),
      ),
    ]);
    return manifest;
  }

  async #bringChild(from: string, to: string, { digest }: Descriptor, depth: number): Promise<void> {
    if ((await this.#destination.digestOf(to, digest)) === digest) return;
    await this.#destination.putManifest(to, digest, await this.#bringParts(from, to, digest, depth + 1));
  }

  async #bringBlob(from: string, to: string, blob: Descriptor): Promise<void> {
    const { blobs } = this.#destination;
    const release = await this.#blobSlots.take();
    try {
      const home = this.#homes.get(blob.digest);
      if (home !== undefined && (await blobs.mount(to, blob.digest, home))) return;
      if (!(await blobs.has(to, blob.digest))) {
        await blobs.write(to, blob, (first, end) =>
          this.#throttle.pass(this.#source.blobs.range(from, blob, first, end)),
        );
      }
      this.#homes.set(blob.digest, to);
    } finally {
      release();
    }
  }

  /** Images share parts: whoever needs one that is on its way waits for it. */
  #once(to: string, digest: string, bring: () => Promise<void>): Promise<void> {
    const key = `${to}@${digest}`;
    const running = this.#brought.get(key);
    if (running !== undefined) return running;
    const begun = bring();
    this.#brought.set(key, begun);
    begun.catch(() => this.#brought.delete(key));
    return begun;
  }
}

/** Nothing is left running behind a failure. */
async function allSettledOrThrow(running: readonly Promise<void>[]): Promise<void> {
  for (const { status, ...rest } of await Promise.allSettled(running))
    if (status === "rejected") throw (rest as { reason: unknown }).reason;
}
