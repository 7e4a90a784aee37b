/*
 * What is said of an image (OCI distribution specification 1.1): manifests that name it as their `subject`. The registry lists
 * them, or, where it knows nothing of that, whoever pushes keeps an index of them under the tag `sha256-HEX`.
 */
import type { Registry } from "./client.ts";
import { type Descriptor, digestOf } from "./digest-check.ts";
import { INDEX_TYPE, type Manifest, parseJson, parseManifest } from "./manifest.ts";
import { fallbackTag } from "./names.ts";

/** By the registry's list and by the tag: a registry may have learned to list after the tag was made. */
export async function listReferrers(
  registry: Registry,
  repository: string,
  digest: string,
): Promise<readonly Descriptor[]> {
  const listed = (await registry.referrers(repository, digest)) ?? [];
  const index = await registry.manifest(repository, fallbackTag(digest));
  const tagged =
    index === undefined ? [] : parseManifest(`${repository}:${fallbackTag(digest)}`, index).manifests;
  return [...new Map([...listed, ...tagged].map((each) => [each.digest, each])).values()];
}

/** Pushes a manifest that has a subject, whose parts are there, and sees to it that it is found. */
export async function putReferrer(
  registry: Registry,
  repository: string,
  subject: string,
  manifest: Manifest,
): Promise<void> {
  if (await registry.putManifest(repository, manifest.digest, manifest)) return;
  const tag = fallbackTag(subject);
  const there = await registry.manifest(repository, tag);
  const index = there === undefined ? undefined : parseJson(`${repository}:${tag}`, there.bytes);
  const manifests = Array.isArray(index?.manifests) ? index.manifests : [];
  if (manifests.some((each) => each?.digest === manifest.digest)) return;
  const next = { schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [...manifests, describe(manifest)] };
  const bytes = Buffer.from(JSON.stringify(next));
  await registry.putManifest(repository, tag, { mediaType: INDEX_TYPE, digest: digestOf(bytes), bytes });
}

/** As the specification wants it in such an index: with what a client chooses by. */
function describe({ mediaType, digest, bytes }: Manifest): object {
  const { artifactType, config, annotations } = parseJson(digest, bytes);
  const type = artifactType ?? (config as { mediaType?: unknown } | undefined)?.mediaType;
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(type ? { artifactType: type } : {}),
    ...(annotations ? { annotations } : {}),
  };
}
