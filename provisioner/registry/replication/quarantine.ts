import { contentOf } from "../../images/from-registry.ts";
import { judgeManifest } from "../../images/judge.ts";
import { readKnownPolicy } from "../../images/policy.ts";
import type { Registry } from "../client.ts";
import { RegistryError } from "../registry-error.ts";
import type { SyncJournal } from "./journal.ts";
import type { Judge } from "./synchronize.ts";

/** Reads a rule's policy. What it has refused before is not read again, as long as the policy is the same. */
export async function openQuarantine(file: string, source: Registry, journal: SyncJournal): Promise<Judge> {
  const { id, policy } = await readKnownPolicy(file);
  const refused = await journal.readRefusals(id);
  const verdicts = new Map<string, Promise<readonly string[]>>();
  const decide = async (repository: string, digest: string): Promise<readonly string[]> => {
    const known = refused.get(digest);
    if (known !== undefined) return known;
    const name = `${source.host}/${repository}`;
    const manifest = await source.manifest(repository, digest);
    if (manifest === undefined)
      throw new RegistryError(`registry ${source.host}: ${repository}@${digest} is not there any more`);
    const reasons = await judgeManifest(policy, name, contentOf(source, repository), manifest);
    if (reasons.length > 0) await journal.writeRefusal(digest, id, reasons);
    return reasons;
  };
  return (repository, digest) => {
    const verdict = verdicts.get(digest) ?? decide(repository, digest);
    verdicts.set(digest, verdict);
    return verdict;
  };
}
