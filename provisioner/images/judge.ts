import type { Descriptor } from "../registry/digest-check.ts";
import { refuseLookalikes } from "../registry/lookalikes.ts";
import { type Manifest, type Parts, parseManifest } from "../registry/manifest.ts";
import { RegistryError } from "../registry/registry-error.ts";
import { checkImage } from "./check.ts";
import { type ContentStore, readImage } from "./from-registry.ts";
import { inspectLayers } from "./inspect.ts";
import type { ImagePolicy } from "./policy.ts";
import { isLayer } from "./unpack.ts";

const DEEPEST = 4;
/** So many reasons are told. */
const MAX_REASONS = 5;
/** What describes the images of an index, and is none (BuildKit's attestations). */
const ATTESTATION = "unknown/unknown";
/** What engines take for a part of an image, whatever else is said of it … */
const OF_AN_IMAGE = /^(?:application\/(?:vnd\.(?:oci\.image|docker)|octet-stream)|text\/[^.]*|)(?:\..*)?$/isu;
/** … and also this, in an image that has no other's configuration. */
const OF_MANY_THINGS = /^application\/json(?:\..*)?$/isu;
const MANIFEST_NAMES = [
  ...["config", "layers", "manifests", "blobs", "digest", "mediaType", "size"],
  ...["platform", "os", "architecture", "urls"],
];

/**
 * Why an image is not as a policy wants it; nothing where it is. Of an index each image has to be: any of them may
 * be what a host pulls. Throws for what cannot be looked into.
 */
export async function judgeManifest(
  policy: ImagePolicy,
  name: string,
  store: ContentStore,
  manifest: Manifest,
): Promise<readonly string[]> {
  return shorten(await judge({ policy, name, store }, manifest, 0));
}

interface Asked {
  readonly policy: ImagePolicy;
  readonly name: string;
  readonly store: ContentStore;
}

async function judge(asked: Asked, manifest: Manifest, depth: number): Promise<readonly string[]> {
  const what = `${asked.name}@${manifest.digest}`;
  if (depth > DEEPEST) throw new RegistryError(`${what}: an index in an index, ${depth} deep`);
  const parts = parseManifest(what, manifest, true);
  refuseLookalikes(what, manifest.bytes.toString(), MANIFEST_NAMES, 3);
  const isImage = isSaidImage(parts) || (await mayBeRun(asked.store, parts));
  const reasons = isImage ? [...(await judgeImage(asked, what, manifest))] : [];
  for (const child of parts.manifests.filter(({ platform }) => platform !== ATTESTATION)) {
    const found = await asked.store.manifest(child.digest);
    if (found === undefined)
      throw new RegistryError(`${asked.name}@${child.digest} is not there any more`, { status: 404 });
    const theirs = await judge(asked, found, depth + 1);
    reasons.push(...theirs.map((reason) => `${child.platform ?? child.digest}: ${reason}`));
  }
  return reasons;
}

/** Podman and CRI-O take any layer of an image's configuration, whatever its type is. A signature is none: they cannot unpack it. */
async function mayBeRun(store: ContentStore, { config, layers }: Parts): Promise<boolean> {
  if (config === undefined || !OF_AN_IMAGE.test(config.mediaType)) return false;
  for (const layer of layers) if (await isLayer(store.open(layer))) return true;
  return false;
}

/** Signatures have an image's configuration and no layer of one: layers tell, where there are any. */
function isSaidImage({ config, layers }: Parts): boolean {
  const telling = layers.length > 0 ? layers : config === undefined ? [] : [config];
  const isSaid = (parts: readonly Descriptor[], pattern: RegExp): boolean =>
    parts.some(({ mediaType }) => pattern.test(mediaType));
  if (config === undefined || isSaid(telling, OF_AN_IMAGE)) return config !== undefined;
  return (
    isSaid(layers, OF_MANY_THINGS) && [OF_AN_IMAGE, OF_MANY_THINGS].some((each) => isSaid([config], each))
  );
}

async function judgeImage(
  { policy, store }: Asked,
  what: string,
  manifest: Manifest,
): Promise<readonly string[]> {
  const image = await readImage(what, store, manifest, "");
  const violations = checkImage(policy, image, await inspectLayers(image.layers));
  return violations.map(({ rule, message }) => `${rule}: ${message}`);
}

function shorten(reasons: readonly string[]): readonly string[] {
  const more = reasons.length - MAX_REASONS;
  return more > 0 ? [...reasons.slice(0, MAX_REASONS), `and ${more} more`] : reasons;
}
