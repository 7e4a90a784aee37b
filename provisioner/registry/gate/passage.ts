import { isDigest, isRepository, isTag } from "../names.ts";

/** What a request to a registry is about, as far as its gate has to know. */
export type Passage =
  | { readonly kind: "other" }
  | ({ readonly kind: "manifest" } & NamedManifest)
  /** One is asked for by its digest. */
  | ({ readonly kind: "pull" } & NamedManifest);

export interface NamedManifest {
  readonly repository: string;
  readonly reference: string;
}

/** The path of an upload that has begun: `blobs/uploads/` and what the registry calls it. */
const UPLOAD = /^blobs\/uploads\/[A-Za-z0-9_=.-]*$/;

/**
 * Undefined for what must not pass. Whatever changes something has to be written as the distribution specification
 * has it: `/v2/a/%6danifests/x` is a manifest to the registry as well, and the gate must not take it for anything else.
 */
export function parsePassage(method: string, url: string): Passage | undefined {
  if (!url.startsWith("/")) return undefined;
  const [path = ""] = url.split("?");
  if (method === "GET" || method === "HEAD") return parsePull(path);
  const [, repository = "", rest = ""] = /^\/v2\/(.+?)\/((?:manifests|blobs)\/.*)$/.exec(path) ?? [];
  if (!isRepository(repository)) return undefined;
  const [kind, reference = ""] = rest.split(/\/(.*)/s);
  const isNamed = isDigest(reference) || (kind === "manifests" && isTag(reference));
  if (method === "PUT" && kind === "manifests")
    return isNamed ? { kind: "manifest", repository, reference } : undefined;
  const isFit =
    method === "DELETE"
      ? isNamed || UPLOAD.test(rest)
      : ["POST", "PUT", "PATCH"].includes(method) && UPLOAD.test(rest);
  return isFit ? { kind: "other" } : undefined;
}

/** However it is written: whoever reads is told so by the registry. Digests that we cannot compute do not pass. */
function parsePull(path: string): Passage | undefined {
  const [, repository = "", reference = ""] =
    /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(unescapePath(path)) ?? [];
  if (!isRepository(repository) || !reference.includes(":")) return { kind: "other" };
  return isDigest(reference) ? { kind: "pull", repository, reference } : undefined;
}

function unescapePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // the registry takes it for nothing either
  }
}
