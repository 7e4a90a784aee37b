/*
 * Manifests: OCI image specification ("Image Manifest", "Image Index"), and Docker's image manifest
 * version 2, schema 2.
 *
 *   {"schemaVersion":2,"config":{"mediaType":"…","digest":"sha256:…","size":1470},"layers":[{…}]}
 *   {"schemaVersion":2,"manifests":[{"mediaType":"…","digest":"sha256:…","size":527,"platform":{…}}]}
 */
import type { Descriptor } from "./digest-check.ts";
import { isDigest } from "./names.ts";
import { RegistryError } from "./registry-error.ts";

export const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
export const IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json";
/** All we can read. A registry that is not told so answers with a version 1 of its own making. */
export const MANIFEST_TYPES: readonly string[] = [
  INDEX_TYPE,
  IMAGE_TYPE,
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.artifact.manifest.v1+json",
];

/** What registries take at most. */
export const MAX_MANIFEST_BYTES: number = 4 * 1024 * 1024;
/** Layers that stay where their vendor keeps them. */
const FOREIGN = /foreign|nondistributable/;

/** A manifest as it came: its digest is that of its bytes. */
export interface Manifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Buffer;
}

/** What has to be there before a manifest. */
export interface Parts {
  readonly manifests: readonly Platformed[];
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
}

export interface Platformed extends Descriptor {
  /** `linux/amd64`. */
  readonly platform: string | undefined;
}

/**
 * Layers that stay where their vendor keeps them are none of its parts unless they are asked for: engines do take them
 * from a registry that has them.
 */
export function parseManifest(
  what: string,
  { mediaType, bytes }: Pick<Manifest, "mediaType" | "bytes">,
  withForeign = false,
): Parts {
  if (!MANIFEST_TYPES.includes(mediaType))
    throw new RegistryError(`${what}: a manifest of the type ${JSON.stringify(mediaType)} is not known here`);
  const value = parseJson(what, bytes);
  const list = (name: string): readonly unknown[] => {
    const found = value[name] ?? [];
    return Array.isArray(found) ? found : fail(what, `${name} is not a list`);
  };
  const stays = (each: unknown): boolean =>
    FOREIGN.test(String((each as { mediaType?: unknown } | null)?.mediaType));
  return {
    manifests: list("manifests").map((each) => ({
      ...parseDescriptor(what, each),
      platform: platformOf(each),
    })),
    config: value.config === undefined ? undefined : parseDescriptor(what, value.config),
    layers: [...list("layers"), ...list("blobs")]
      .filter((each) => withForeign || !stays(each))
      .map((each) => parseDescriptor(what, each)),
  };
}

export function parseJson(what: string, bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new RegistryError(`${what}: not valid JSON`, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  return fail(what, "not a JSON object");
}

function parseDescriptor(what: string, value: unknown): Descriptor {
  if (typeof value !== "object" || value === null) return fail(what, "names a part that is no descriptor");
  const { mediaType, digest, size } = value as Record<string, unknown>;
  if (typeof digest !== "string" || !isDigest(digest))
    return fail(what, `names a part by ${JSON.stringify(digest)}, which is no digest`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    return fail(what, `gives ${digest} a size of ${JSON.stringify(size)}`);
  return { mediaType: typeof mediaType === "string" ? mediaType : "", digest, sizeBytes: size };
}

function platformOf(value: unknown): string | undefined {
  const { platform } = value as { platform?: { os?: unknown; architecture?: unknown } };
  return platform === undefined || platform === null ? undefined : `${platform.os}/${platform.architecture}`;
}

function fail(what: string, why: string): never {
  throw new RegistryError(`${what}: ${why}`);
}
