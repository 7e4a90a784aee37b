import { readFileSync, statSync } from "node:fs";
import { contentOf } from "../../images/from-registry.ts";
import { judgeManifest } from "../../images/judge.ts";
import { type ImagePolicy, readPolicy } from "../../images/policy.ts";
import { inSlot, Slots } from "../../reconcile/slots.ts";
import { Registry } from "../client.ts";
import type { RegistryAccess } from "../connection.ts";
import { digestOf } from "../digest-check.ts";
import type { Manifest } from "../manifest.ts";

/** Images looked into at once: each is unpacked on the way. */
const AT_ONCE = 2;
const REMEMBER = 10_000;

/** What a policy says of manifests that are about to be pushed. Each is looked into once. */
export class Verdicts {
  readonly #file: string;
  readonly #slots = new Slots(AT_ONCE);
  /** The oldest first. */
  readonly #known = new Map<string, Promise<readonly string[]>>();
  #policy: { readonly mark: string; readonly id: string; readonly policy: ImagePolicy } | undefined;

  constructor(policyFile: string) {
    this.#file = policyFile;
  }

  /** Why not; nothing where it may be. The parts are read with the rights of whoever brings the manifest. */
  async judge(access: RegistryAccess, repository: string, manifest: Manifest): Promise<readonly string[]> {
    const { id, policy } = await this.readPolicy();
    const key = `${id} ${repository}@${manifest.digest} ${manifest.mediaType}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const verdict = inSlot(this.#slots, () => look(policy, access, repository, manifest));
    this.#known.set(key, verdict);
    verdict.catch(() => this.#known.delete(key));
    for (const oldest of this.#known.keys()) if (this.#known.size > REMEMBER) this.#known.delete(oldest);
    return verdict;
  }

  /** As the file has it now: it is read again when it has changed. */
  async readPolicy(): Promise<{ readonly id: string; readonly policy: ImagePolicy }> {
    const { mtimeMs, size, ino } = statSync(this.#file);
    const mark = `${mtimeMs} ${size} ${ino}`;
    if (this.#policy?.mark === mark) return this.#policy;
    const id = digestOf(readFileSync(this.#file));
    this.#policy = { mark, id, policy: await readPolicy(this.#file) };
    return this.#policy;
  }
}

async function look(
  policy: ImagePolicy,
  access: RegistryAccess,
  repository: string,
  manifest: Manifest,
): Promise<readonly string[]> {
  const registry = new Registry(access);
  try {
    return await judgeManifest(
      policy,
      `${registry.host}/${repository}`,
      contentOf(registry, repository),
      manifest,
    );
  } finally {
    await registry.close();
  }
}
