/*
 * Distribution's storage path layout, below docker/registry/v2:
 *
 *   repositories/team/app/_manifests/revisions/sha256/3f5c…/link          each manifest that was pushed
 *   repositories/team/app/_manifests/tags/v1/current/link                 "sha256:3f5c…"
 *   repositories/team/app/_manifests/tags/v1/index/sha256/3f5c…/link      what the tag has been
 *   blobs/sha256/3f/3f5c…/data
 *
 * A tag that moves leaves the manifest it was on, and with it its layers, for ever: its own collector removes these on
 * demand, but takes the images of an index along (2.8). The interface does not list them at all.
 */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, PlimsollError } from "../../../core/runtime/errors.ts";
import { isDigest } from "../names.ts";

export interface UntaggedManifest {
  readonly repository: string;
  readonly digest: string;
}

export interface UntaggedOptions {
  /** Pushed after that: its tag, or its index, may be on its way. */
  readonly beforeMs: number;
  /** What containers run. */
  readonly inUse: ReadonlySet<string>;
}

/** Manifests that nothing needs: no tag, no index and no container, nor do they say anything of one that is needed. */
export function findUntagged(folder: string, options: UntaggedOptions): readonly UntaggedManifest[] {
  const root = join(folder, "docker/registry/v2");
  return listRepositories(join(root, "repositories"), "").flatMap((repository) =>
    findIn(root, repository, options).map((digest) => ({ repository, digest })),
  );
}

/** While no replica can be written to. */
export function removeUntagged(folder: string, manifests: readonly UntaggedManifest[]): void {
  for (const { repository, digest } of manifests) {
    const base = join(folder, "docker/registry/v2/repositories", repository, "_manifests");
    const path = digest.replace(":", "/");
    for (const tag of list(join(base, "tags")))
      rmSync(join(base, "tags", tag, "index", path), { recursive: true, force: true });
    rmSync(join(base, "revisions", path), { recursive: true, force: true });
  }
}

function findIn(root: string, repository: string, { beforeMs, inUse }: UntaggedOptions): readonly string[] {
  const base = join(root, "repositories", repository, "_manifests");
  const pushedMs = new Map(readRevisions(base));
  const links = new Map([...pushedMs.keys()].map((digest) => [digest, readLinks(root, digest)]));
  const tagged = list(join(base, "tags")).map((tag) => readDigest(join(base, "tags", tag, "current/link")));
  const roots = [...pushedMs]
    .filter(([digest, ms]) => ms >= beforeMs || inUse.has(digest))
    .map(([digest]) => digest);
  const needed = new Set([...tagged, ...roots]);
  for (let before = -1; needed.size > before; ) {
    before = needed.size;
    for (const digest of needed) for (const child of links.get(digest)?.children ?? []) needed.add(child);
    for (const [digest, { subject }] of links) if (needed.has(subject ?? "")) needed.add(digest);
  }
  return [...pushedMs.keys()].filter((digest) => !needed.has(digest));
}

function* readRevisions(base: string): Generator<[digest: string, pushedMs: number]> {
  for (const algorithm of list(join(base, "revisions"))) {
    for (const hex of list(join(base, "revisions", algorithm))) {
      const link = join(base, "revisions", algorithm, hex, "link");
      const found = statSync(link, { throwIfNoEntry: false });
      // One without its link has been deleted.
      if (found !== undefined && isDigest(`${algorithm}:${hex}`))
        yield [`${algorithm}:${hex}`, found.mtimeMs];
    }
  }
}

/** What a manifest leads to. One that cannot be read ends it all: nobody knows what it needs. */
function readLinks(
  root: string,
  digest: string,
): { readonly children: readonly string[]; readonly subject: string | undefined } {
  const [algorithm = "", hex = ""] = digest.split(":");
  const path = join(root, "blobs", algorithm, hex.slice(0, 2), hex, "data");
  try {
    const { manifests = [], subject } = JSON.parse(readFileSync(path, "utf8"));
    const children: readonly string[] = manifests.map((each: { digest?: unknown }) => String(each.digest));
    return { children, subject: subject?.digest };
  } catch (cause) {
    throw new PlimsollError("REGISTRY_GC", `manifest ${digest}: cannot be read: ${path}`, { cause });
  }
}

function readDigest(path: string): string {
  const text = readFileSync(path, "utf8").trim();
  if (isDigest(text)) return text;
  throw new PlimsollError("REGISTRY_GC", `${path}: is no digest`);
}

/** `team/app`: a folder with manifests in it, however deep. */
function listRepositories(folder: string, name: string): readonly string[] {
  const names = list(folder);
  const inner = names
    .filter((each) => !each.startsWith("_"))
    .flatMap((each) => listRepositories(join(folder, each), name === "" ? each : `${name}/${each}`));
  return names.includes("_manifests") ? [name, ...inner] : inner;
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
