/*
 * Names of the OCI distribution specification ("Pulling manifests"). What does not fit the grammar
 * never becomes part of a path: registries are other people's, and so are the names they list.
 */
import { UsageError } from "../../core/runtime/errors.ts";
import { RegistryError } from "./registry-error.ts";

const REPOSITORY = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const LONGEST_REPOSITORY = 255;
/** Signatures, attestations and SBOMs of an image where there is no referrers API: `sha256-HEX`, `sha256-HEX.sig`. */
const REFERRER = /^(sha256|sha512)-([0-9a-f]+)(?:\.[a-z]+)?$/;

export function isRepository(text: string): boolean {
  return text.length <= LONGEST_REPOSITORY && REPOSITORY.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** The digest of the image that a tag says something of; undefined for the tag of an image. */
export function subjectOf(tag: string): string | undefined {
  const [, algorithm, hex] = REFERRER.exec(tag) ?? [];
  return algorithm === undefined ? undefined : `${algorithm}:${hex}`;
}

/** Where an index of what is said of a digest is kept, where there is no referrers API ("Referrers Tag Schema"). */
export function fallbackTag(digest: string): string {
  return digest.replace(":", "-").slice(0, 128);
}

/** The path of a repository below `/v2/`. Throws RegistryError for what is no name. */
export function path(repository: string): string {
  return isRepository(repository) ? repository : refuseName(repository, "the name of a repository");
}

export function scopeOf(repository: string, actions = "pull"): string {
  return `repository:${repository}:${actions}`;
}

export function refuseName(name: string, what: string): never {
  throw new RegistryError(`${JSON.stringify(name)} is not ${what}`);
}

/** One image of one registry. */
export interface ImageReference {
  /** `https://HOST[:PORT]`. */
  readonly registry: string;
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
}

/**
 * `host:5000/team/app:v1`, `http://host/app@sha256:…` → its parts; the tag is `latest` unless told. As
 * other clients do, loopback is spoken to without TLS. Throws UsageError for anything else.
 */
export function parseImageReference(text: string): ImageReference {
  const match = /^(?:(https?):\/\/)?([^/\s@]+)\/([^:@]+)(?:@(.+)|:(.+))?$/.exec(text);
  const [, scheme, host = "", repository = "", digest, tag] = match ?? [];
  const isFit =
    isRepository(repository) && (digest === undefined || isDigest(digest)) && isTag(tag ?? "latest");
  if (!/^(?:\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?$/.test(host) || !isFit) {
    throw new UsageError(`${JSON.stringify(text)} is not an image of a registry`, {
      hint: "write HOST[:PORT]/REPOSITORY:TAG or HOST[:PORT]/REPOSITORY@sha256:DIGEST",
    });
  }
  const isLoopback = /^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?$/.test(host);
  const registry = `${scheme ?? (isLoopback ? "http" : "https")}://${host}`;
  return { registry, repository, reference: digest ?? tag ?? "latest" };
}
