import { statSync } from "node:fs";
import { errnoOf, errorLine, PlimsollError } from "../../../core/runtime/errors.ts";
import { contentOf } from "../../images/from-registry.ts";
import { judgeManifest } from "../../images/judge.ts";
import { type ImagePolicy, type KnownPolicy, readKnownPolicy } from "../../images/policy.ts";
import { Registry } from "../client.ts";
import type { RegistryAccess } from "../connection.ts";
import type { Manifest } from "../manifest.ts";
import { type Share, Turns } from "./turns.ts";

/** Images looked into at once: each is unpacked on the way. Nobody has all of it. */
const LOOKS: Share = { all: 3, each: 2 };
/** A small layer may be made to unpack into what never ends. */
const LOOK_MS = 900_000;
const REMEMBER = 10_000;

/** Who asks for a verdict, and until when. */
export interface Asker {
  readonly client: string;
  readonly signal: AbortSignal;
}

/** What a policy says of manifests that are about to be pushed. Each is looked into once. */
export class Verdicts {
  readonly #file: string;
  readonly #lookMs: number;
  readonly #turns = new Turns(LOOKS);
  /** The oldest first. */
  readonly #known = new Map<string, Promise<readonly string[]>>();
  #policy: (KnownPolicy & { readonly mark: string }) | undefined;

  constructor(policyFile: string, lookMs: number = LOOK_MS) {
    this.#file = policyFile;
    this.#lookMs = lookMs;
  }

  /** Why not; nothing where it may be. The parts are read with the rights of whoever brings the manifest. */
  async judge(
    access: RegistryAccess,
    repository: string,
    manifest: Manifest,
    { client, signal }: Asker,
  ): Promise<readonly string[]> {
    const keyOf = ({ id }: KnownPolicy): string =>
      `${id} ${repository}@${manifest.digest} ${manifest.mediaType}`;
    const known = this.#known.get(keyOf(await this.#policyNow()));
    if (known !== undefined) return known;
    const release = await this.#turns.take(client, signal);
    if (release === undefined) throw new PlimsollError("BUSY", "too many images are being looked into");
    // A turn may be long in coming: there may be another policy by then, or a verdict.
    const now = await this.#policyNow().catch((error: unknown) => {
      release();
      throw error;
    });
    const key = keyOf(now);
    const begun = this.#known.get(key);
    if (begun !== undefined) {
      release();
      return begun;
    }
    // What has begun comes to its end, whoever leaves: it is known then when he is back.
    const verdict = look(now.policy, access, repository, manifest, this.#lookMs);
    verdict.then(release, release);
    this.#known.set(key, verdict);
    verdict.catch(() => this.#known.delete(key));
    for (const oldest of this.#known.keys()) if (this.#known.size > REMEMBER) this.#known.delete(oldest);
    return verdict;
  }

  /** As the file has it now: it is read again when it has changed. Throws for one that nobody can follow. */
  async readPolicy(): Promise<KnownPolicy> {
    const mark = markOf(this.#file);
    if (this.#policy?.mark === mark) return this.#policy;
    const known = await readKnownPolicy(this.#file);
    if (markOf(this.#file) !== mark) return this.readPolicy();
    this.#policy = { mark, ...known };
    return known;
  }

  /** Why nothing can be pushed now; undefined where there is a policy to follow. */
  problem(): Promise<string | undefined> {
    return this.readPolicy().then(() => undefined, errorLine);
  }

  #policyNow(): Promise<KnownPolicy> {
    return this.readPolicy().catch((cause: unknown) => {
      throw new PlimsollError("POLICY", "the policy cannot be followed", { cause });
    });
  }
}

/** Changes with a file's content; also one that is not there has one. */
function markOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    return errnoOf(error) ?? "unknown";
  }
}

async function look(
  policy: ImagePolicy,
  access: RegistryAccess,
  repository: string,
  manifest: Manifest,
  lookMs: number,
): Promise<readonly string[]> {
  const registry = new Registry(access);
  const name = `${registry.host}/${repository}`;
  const deadline = AbortSignal.timeout(lookMs);
  deadline.addEventListener("abort", () => void registry.close()); // then nothing more comes
  try {
    return await judgeManifest(policy, name, contentOf(registry, repository), manifest);
  } catch (error) {
    if (!deadline.aborted) throw error;
    throw new PlimsollError("GATE", `not done after ${lookMs / 1000} s`, { cause: error });
  } finally {
    await registry.close();
  }
}
