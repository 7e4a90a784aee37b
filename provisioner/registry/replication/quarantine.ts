import { readFileSync } from "node:fs";
import { checkImage } from "../../images/check.ts";
import { type ContentStore, readImage } from "../../images/from-registry.ts";
import { inspectLayers } from "../../images/inspect.ts";
import { type ImagePolicy, readPolicy } from "../../images/policy.ts";
import type { Registry } from "../client.ts";
import { digestOf } from "../digest-check.ts";
import { type Manifest, parseManifest } from "../manifest.ts";
import { RegistryError } from "../registry-error.ts";
import type { SyncJournal } from "./journal.ts";
import type { Judge } from "./synchronize.ts";

const DEEPEST = 4;
/** So many reasons are told. */
const MAX_REASONS = 5;
/** What describes the images of an index, and is none (BuildKit's attestations). */
const ATTESTATION = "unknown/unknown";

/** Reads a rule's policy. What it has refused before is not read again, as long as the policy is the same. */
export async function openQuarantine(file: string, source: Registry, journal: SyncJournal): Promise<Judge> {
  const policy = await readPolicy(file);
  const id = digestOf(readFileSync(file));
  const refused = await journal.readRefusals(id);
  const verdicts = new Map<string, Promise<readonly string[]>>();
  const decide = async (repository: string, digest: string): Promise<readonly string[]> => {
    const known = refused.get(digest);
    if (known !== undefined) return known;
    const reasons = shorten(await checkAll(source, policy, repository, digest, 0));
    if (reasons.length > 0) await journal.writeRefusal(digest, id, reasons);
    return reasons;
  };
  return (repository, digest) => {
    const verdict = verdicts.get(digest) ?? decide(repository, digest);
    verdicts.set(digest, verdict);
    return verdict;
  };
}

/** Of an index each image has to be as the policy wants it: any of them may be what a host pulls. */
async function checkAll(
  source: Registry,
  policy: ImagePolicy,
  repository: string,
  digest: string,
  depth: number,
): Promise<readonly string[]> {
  const what = `${repository}@${digest}`;
  const manifest = await source.manifest(repository, digest);
  if (manifest === undefined)
    throw new RegistryError(`registry ${source.host}: ${what} is not there any more`);
  if (depth > DEEPEST) throw new RegistryError(`${what}: an index in an index, ${depth} deep`);
  const { manifests, config } = parseManifest(what, manifest);
  if (config !== undefined)
    return /image/.test(config.mediaType) ? checkOne(source, policy, repository, manifest) : [];
  const reasons: string[] = [];
  for (const child of manifests.filter(({ platform }) => platform !== ATTESTATION)) {
    const found = await checkAll(source, policy, repository, child.digest, depth + 1);
    reasons.push(...found.map((reason) => `${child.platform ?? child.digest}: ${reason}`));
  }
  return reasons;
}

async function checkOne(
  source: Registry,
  policy: ImagePolicy,
  repository: string,
  manifest: Manifest,
): Promise<readonly string[]> {
  const store: ContentStore = {
    manifest: (digest) => source.manifest(repository, digest),
    open: (blob) => source.blobs.read(repository, blob),
  };
  const image = await readImage(`${source.host}/${repository}@${manifest.digest}`, store, manifest, "");
  const violations = checkImage(policy, image, await inspectLayers(image.layers));
  return violations.map(({ message }) => message);
}

function shorten(reasons: readonly string[]): readonly string[] {
  const more = reasons.length - MAX_REASONS;
  return more > 0 ? [...reasons.slice(0, MAX_REASONS), `and ${more} more`] : reasons;
}
