import { subjectOf } from "../names.ts";
import { type Inventory, namesOf } from "./inventory.ts";

/** What containers run, as far as it is known. */
export interface InUse {
  /** Of manifests, whatever they are called. */
  readonly digests: ReadonlySet<string>;
  /** `team/app:v1`, in whichever registry. */
  readonly tags: ReadonlySet<string>;
}

export interface RemovalPlan {
  /** They go, by tag or with their manifest. */
  readonly tags: readonly { readonly tag: string; readonly digest: string }[];
  /** No longer needed by anything: what names another before that one, so that nothing ever names what is gone. */
  readonly manifests: readonly string[];
  /** Wanted, and kept all the same: a container runs them. */
  readonly used: readonly string[];
  /** Of blobs that nothing else in the repository needs; another repository may. */
  readonly bytes: number;
}

/**
 * What has to go for `wanted` tags to be gone. Never goes what a container runs, nor what another kept tag or
 * index needs; signatures and SBOMs go with the images they are of, and not before, be they listed or tagged. `roots` are digests that are
 * to go whether they have a tag or not.
 */
export function planRemoval(
  { repository, tags, manifests }: Inventory,
  wanted: ReadonlySet<string>,
  inUse: InUse,
  roots: readonly string[] = [],
): RemovalPlan {
  const saidOf = new Map<string, string[]>();
  for (const [digest, { subject }] of manifests)
    if (subject !== undefined) saidOf.set(subject, [...(saidOf.get(subject) ?? []), digest]);
  const reach = (roots: Iterable<string>): Set<string> => {
    const reached = new Set([...roots].filter((digest) => manifests.has(digest)));
    // A set that grows while it is walked through: what is added is visited as well.
    for (const digest of reached)
      for (const next of [...(manifests.get(digest)?.children ?? []), ...(saidOf.get(digest) ?? [])])
        if (manifests.has(next)) reached.add(next);
    return reached;
  };
  const isUsed = (tag: string, digest: string): boolean =>
    inUse.tags.has(`${repository}:${tag}`) || [...reach([digest])].some((each) => inUse.digests.has(each));
  const chosen = [...tags].filter(([tag]) => wanted.has(tag));
  const used = chosen.filter(([tag, digest]) => isUsed(tag, digest)).map(([tag]) => tag);
  const going = new Map(chosen.filter(([tag]) => !used.includes(tag)));
  const doomed = reach([...going.values(), ...roots]);
  const staying = new Map([...tags].filter(([tag]) => !going.has(tag)));
  for (;;) {
    const needed = reach(
      [...staying]
        .filter(([tag]) => !isOf(tag, doomed))
        .map(([, digest]) => digest)
        .concat([...inUse.digests]),
    );
    const orphan = [...staying].find(([tag]) => isOf(tag, doomed) && !needed.has(subjectOf(tag) ?? ""));
    if (orphan === undefined) break;
    staying.delete(orphan[0]);
    going.set(...orphan);
    for (const digest of reach([orphan[1]])) doomed.add(digest);
  }
  const needed = reach([...staying.values(), ...inUse.digests]);
  const gone = [...doomed].filter((digest) => !needed.has(digest));
  return {
    tags: [...going].map(([tag, digest]) => ({ tag, digest })),
    manifests: parentsFirst(gone, manifests),
    used,
    bytes: countBytes(gone, manifests),
  };
}

function countBytes(digests: readonly string[], manifests: Inventory["manifests"]): number {
  const going = new Set(digests);
  const sizes = new Map(
    digests.flatMap((each) => manifests.get(each)?.blobs ?? []).map((blob) => [blob.digest, blob.sizeBytes]),
  );
  for (const [digest, { blobs }] of manifests)
    if (!going.has(digest)) for (const blob of blobs) sizes.delete(blob.digest);
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function isOf(tag: string, subjects: ReadonlySet<string>): boolean {
  return subjects.has(subjectOf(tag) ?? "");
}

function parentsFirst(digests: readonly string[], manifests: Inventory["manifests"]): readonly string[] {
  const ordered: string[] = [];
  const visited = new Set<string>();
  const visit = (digest: string): void => {
    if (visited.has(digest)) return;
    visited.add(digest);
    for (const named of namesOf(manifests.get(digest))) visit(named);
    ordered.push(digest);
  };
  for (const digest of digests) visit(digest);
  const going = new Set(digests);
  return ordered.reverse().filter((digest) => going.has(digest));
}
