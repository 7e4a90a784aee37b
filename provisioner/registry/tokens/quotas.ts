import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../../core/runtime/clock.ts";
import { errnoOf } from "../../../core/runtime/errors.ts";
import type { Mapping } from "../../host/mapping.ts";
import { parseBytes } from "../../machines/parse-spec.ts";
import { isRepository } from "../names.ts";
import type { Scope } from "./scope.ts";

/** How much the layers of `team` and `team/…` may take, each counted once. */
export interface Quota {
  readonly namespace: string;
  readonly bytes: number;
}

export const QUOTA_KEYS = ["namespace", "size"] as const;
/** A look walks through all folders of a namespace: it is kept so many times longer than it took, … */
const FRESH_TIMES = 20;
/** … and a second at least. */
const FRESH_MS = 1000;

export function parseQuota(mapping: Mapping<(typeof QUOTA_KEYS)[number]>): Quota {
  const namespace = mapping.text("namespace");
  if (!isRepository(namespace))
    mapping.refuse("namespace", `${JSON.stringify(namespace)} is not the beginning of a repository's name`);
  return { namespace, bytes: parseBytes(mapping.nameOf("size"), mapping.text("size")) };
}

/** Scopes without what a quota forbids. `isFull` tells of a namespace. */
export async function limitScopes(
  quotas: readonly Quota[],
  isFull: (quota: Quota) => Promise<boolean>,
  scopes: readonly Scope[],
): Promise<readonly Scope[]> {
  return Promise.all(
    scopes.map(async (scope) => {
      if (!scope.actions.includes("push")) return scope;
      const mine = quotas.filter(({ namespace }) => `${scope.name}/`.startsWith(`${namespace}/`));
      const full = await Promise.all(mine.map(isFull));
      if (!full.includes(true)) return scope;
      return { ...scope, actions: scope.actions.filter((action) => action !== "push") };
    }),
  );
}

/** What namespaces take in a registry's folder. A look is shared by all who ask while it is fresh. */
export class NamespaceUsage {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #looks = new Map<string, { untilMs: number; readonly bytes: Promise<number> }>();

  constructor(folder: string, clock: Clock) {
    this.#root = join(folder, "docker/registry/v2");
    this.#clock = clock;
  }

  async bytes(namespace: string): Promise<number> {
    const beganMs = this.#clock.monotonicMs();
    const known = this.#looks.get(namespace);
    if (known !== undefined && beganMs < known.untilMs) return known.bytes;
    const look = { untilMs: Number.POSITIVE_INFINITY, bytes: this.#look(namespace) };
    this.#looks.set(namespace, look);
    try {
      return await look.bytes;
    } finally {
      const endedMs = this.#clock.monotonicMs();
      look.untilMs = endedMs + Math.max(FRESH_MS, FRESH_TIMES * (endedMs - beganMs));
    }
  }

  async #look(namespace: string): Promise<number> {
    const digests = new Set<string>();
    await this.#collect(join(this.#root, "repositories", namespace), digests);
    let bytes = 0;
    for (const hex of digests) bytes += await this.#sizeOf(hex);
    return bytes;
  }

  /** `_layers/sha256/HEX`, of a repository and of those below it. */
  async #collect(folder: string, digests: Set<string>): Promise<void> {
    for (const name of await list(folder)) {
      if (name === "_layers") for (const hex of await list(join(folder, name, "sha256"))) digests.add(hex);
      else if (!name.startsWith("_")) await this.#collect(join(folder, name), digests);
    }
  }

  /** A layer that was collected as garbage leaves its link behind. */
  async #sizeOf(hex: string): Promise<number> {
    try {
      return (await stat(join(this.#root, "blobs/sha256", hex.slice(0, 2), hex, "data"))).size;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return 0;
      throw error;
    }
  }
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw error;
  }
}
