import { NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import type { Registry } from "../registry/client.ts";
import type { Descriptor } from "../registry/digest-check.ts";
import { refuseLookalikes } from "../registry/lookalikes.ts";
import { type Manifest, parseJson, parseManifest } from "../registry/manifest.ts";
import type { ImageReference } from "../registry/names.ts";
import { type Image, parseImageConfig } from "./image.ts";

/** A configuration is read whole. */
const MAX_CONFIG_BYTES = 8 * 2 ** 20;
/** What is read of it. */
const CONFIG_NAMES = ["config", "rootfs", "diff_ids", "ExposedPorts", "User", "Env", "Labels"];
/** Whoever has the key has another image than whoever has none (ocicrypt). */
const ENCRYPTED = /\+encrypted$/i;

/** Where the parts of an image are: a registry, or a layout of files. */
export interface ContentStore {
  manifest(digest: string): Promise<Manifest | undefined>;
  open(blob: Descriptor): AsyncIterable<Uint8Array>;
}

export async function readFromRegistry(
  registry: Registry,
  { repository, reference }: ImageReference,
  platform: string,
): Promise<Image> {
  const name = `${registry.host}/${repository}:${reference}`;
  const root = await registry.manifest(repository, reference);
  if (root === undefined) throw new NotFoundError(`image ${name}: there is none`);
  return readImage(name, contentOf(registry, repository), root, platform);
}

export function contentOf(registry: Registry, repository: string): ContentStore {
  return {
    manifest: (digest) => registry.manifest(repository, digest),
    open: (blob) => registry.blobs.read(repository, blob),
  };
}

/** Follows an index to the image of `platform`. */
export async function readImage(
  name: string,
  store: ContentStore,
  manifest: Manifest,
  platform: string,
  isNested = false,
): Promise<Image> {
  const { manifests, config, layers } = parseManifest(`image ${name}`, manifest, true);
  if (config !== undefined) {
    const bytes = await readConfig(name, store, config);
    const value = parseJson(`configuration of ${name}`, bytes);
    refuseLookalikes(`configuration of ${name}`, bytes.toString(), CONFIG_NAMES, 2);
    const secret = layers.find(({ mediaType }) => ENCRYPTED.test(mediaType));
    if (secret !== undefined)
      throw new PlimsollError("IMAGE", `image ${name}: the layer ${secret.digest} is encrypted`);
    return {
      name,
      digest: manifest.digest,
      config: parseImageConfig(value),
      layers: layers.map((layer) => ({
        digest: layer.digest,
        sizeBytes: layer.sizeBytes,
        open: () => store.open(layer),
      })),
    };
  }
  const chosen =
    manifests.find((each) => each.platform === platform) ??
    (manifests.length === 1 ? manifests[0] : undefined);
  const known = manifests.map((each) => each.platform).filter(Boolean);
  if (chosen === undefined || isNested)
    throw new NotFoundError(`image ${name}: there is none for ${platform}`, {
      hint: `known are ${known.join(", ")}`,
    });
  const child = await store.manifest(chosen.digest);
  if (child === undefined) throw new PlimsollError("IMAGE", `image ${name}: ${chosen.digest} is not there`);
  return readImage(name, store, child, platform, chosen.platform !== undefined);
}

/** The whole of a configuration, which is small. */
export async function readConfig(
  name: string,
  store: Pick<ContentStore, "open">,
  config: Descriptor,
): Promise<Buffer> {
  if (config.sizeBytes > MAX_CONFIG_BYTES)
    throw new PlimsollError("IMAGE", `image ${name}: a configuration of ${config.sizeBytes} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.open(config)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
