import type { Clock } from "../../../core/runtime/clock.ts";
import { damaged, Fields } from "../../store/documents.ts";
import { CONFLICT, retryConflicts } from "../../store/optimistic.ts";
import type { Entry, Store } from "../../store/types.ts";
import type { OwnTags } from "./compare.ts";
import type { SyncRule } from "./rules.ts";

const PREFIX = "registry-sync/";

/** What has become of the tags that a rule means, of one run. */
export interface SyncCounts {
  readonly same: number;
  readonly copied: number;
  /** Found to be copied or deleted, and not yet done. */
  readonly behind: number;
  readonly deleted: number;
  readonly ahead: number;
  readonly diverged: number;
  /** Not as the rule's policy wants it. */
  readonly refused: number;
  readonly failed: number;
  readonly bytes: number;
}

export const NO_COUNTS: SyncCounts = {
  ...{ same: 0, copied: 0, behind: 0, deleted: 0 },
  ...{ ahead: 0, diverged: 0, refused: 0, failed: 0, bytes: 0 },
};

/** A rule's last run. */
export interface SyncStatus extends SyncCounts {
  readonly rule: string;
  readonly startedMs: number;
  /** Undefined while it runs, and after one that was killed. */
  readonly endedMs: number | undefined;
  /** When a run that left nothing to do began; 0 when none has. */
  readonly currentMs: number;
}

/**
 * What a rule has done, in the store. Before a tag is written its digest is here, so that after a kill it is
 * known whose doing the destination is; nothing else is needed to go on, for all the rest is compared.
 */
export class SyncJournal {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #rule: string;
  readonly #tagsPrefix: string;

  constructor(store: Store, clock: Clock, { name, journal }: Pick<SyncRule, "name" | "journal">) {
    this.#store = store;
    this.#clock = clock;
    this.#rule = name;
    this.#tagsPrefix = `${PREFIX}${journal}/tags/`;
  }

  /** What this rule has brought or was about to, by repository of the source. */
  async readTags(): Promise<ReadonlyMap<string, OwnTags>> {
    const prefix = this.#tagsPrefix;
    const { entries } = await this.#store.list(prefix);
    return new Map(
      entries.map((entry) => [entry.key.slice(prefix.length), this.#ownOf(parseNotes(this.#store, entry))]),
    );
  }

  /** That this rule is about to bring these digests: until it has, they are nothing to the one that leads back. */
  async intend(repository: string, digests: ReadonlyMap<string, string>): Promise<void> {
    await this.#change(repository, ({ tags, intended }) => {
      const mine = new Map(intended.get(this.#rule));
      for (const [tag, digest] of digests) mine.set(tag, [...new Set([...(mine.get(tag) ?? []), digest])]);
      return { tags, intended: new Map(intended).set(this.#rule, mine) };
    });
  }

  /** That these tags are, on both sides, what is told; none at all forgets a tag. What was intended of them is over. */
  async writeTags(repository: string, changes: OwnTags): Promise<void> {
    await this.#change(repository, ({ tags, intended }) => {
      const mine = [...(intended.get(this.#rule) ?? [])].filter(([tag]) => !changes.has(tag));
      const all = [...new Map([...tags, ...changes])].filter(([, digests]) => digests.length > 0);
      return { tags: new Map(all), intended: new Map(intended).set(this.#rule, new Map(mine)) };
    });
  }

  #ownOf({ tags, intended }: Notes): OwnTags {
    const own = new Map(tags);
    for (const [tag, digests] of intended.get(this.#rule) ?? [])
      own.set(tag, [...new Set([...(own.get(tag) ?? []), ...digests])]);
    return own;
  }

  async #change(repository: string, change: (notes: Notes) => Notes): Promise<void> {
    const key = this.#tagsPrefix + repository;
    await retryConflicts(key, this.#clock, async () => {
      const entry = await this.#store.get(key);
      const before = entry === undefined ? NO_NOTES : parseNotes(this.#store, entry);
      const expect = [{ key, revision: entry?.revision ?? 0 }];
      const value = encodeNotes(change(before));
      return (await this.#store.transact({ expect, put: [{ key, value }] })) ?? CONFLICT;
    });
  }

  /** Reasons by digest, of what `policy` has refused. What another policy has said is forgotten. */
  async readRefusals(policy: string): Promise<ReadonlyMap<string, readonly string[]>> {
    const prefix = `${PREFIX}${this.#rule}/refused/`;
    const { entries } = await this.#store.list(prefix);
    const refused = new Map<string, readonly string[]>();
    for (const entry of entries) {
      const fields = new Fields(this.#store, entry);
      if (fields.text("policy") === policy)
        refused.set(entry.key.slice(prefix.length), fields.texts("reasons"));
      else await this.#store.transact({ expect: [], remove: [entry.key] });
    }
    return refused;
  }

  async writeRefusal(digest: string, policy: string, reasons: readonly string[]): Promise<void> {
    const key = `${PREFIX}${this.#rule}/refused/${digest}`;
    await this.#store.transact({ expect: [], put: [{ key, value: { policy, reasons } }] });
  }

  async readStatus(): Promise<SyncStatus | undefined> {
    const entry = await this.#store.get(`${PREFIX}${this.#rule}/status`);
    return entry && parseStatus(this.#store, this.#rule, entry);
  }

  async writeStatus({ rule: _, ...status }: SyncStatus): Promise<void> {
    await this.#store.transact({
      expect: [],
      put: [{ key: `${PREFIX}${this.#rule}/status`, value: status }],
    });
  }
}

/** Of one repository. */
interface Notes {
  /** What both sides were when a rule last saw or made them equal. */
  readonly tags: OwnTags;
  /** By rule, what may be at its destination already. */
  readonly intended: ReadonlyMap<string, OwnTags>;
}

const NO_NOTES: Notes = { tags: new Map(), intended: new Map() };

function parseNotes(store: Store, { key, value }: Entry): Notes {
  const { tags, intended = {} } = (value ?? {}) as { tags?: unknown; intended?: unknown };
  const entriesOf = (name: string, found: unknown): readonly [string, unknown][] => {
    if (typeof found !== "object" || found === null) throw damaged(store.name, key, `${name}: not an object`);
    return Object.entries(found);
  };
  const digestsOf = (name: string, found: unknown): OwnTags => {
    const entries = entriesOf(name, found);
    if (!entries.every(isDigests)) throw damaged(store.name, key, `${name}: not lists of digests`);
    return new Map(entries);
  };
  const byRule = entriesOf("intended", intended);
  return {
    tags: digestsOf("tags", tags),
    intended: new Map(byRule.map(([rule, found]) => [rule, digestsOf(`intended.${rule}`, found)])),
  };
}

function isDigests(entry: readonly [string, unknown]): entry is [string, readonly string[]] {
  return Array.isArray(entry[1]) && entry[1].every((each) => typeof each === "string");
}

function encodeNotes({ tags, intended }: Notes): object {
  const left = [...intended].filter(([, own]) => own.size > 0);
  return {
    tags: Object.fromEntries(tags),
    intended: Object.fromEntries(left.map(([rule, own]) => [rule, Object.fromEntries(own)])),
  };
}

function parseStatus(store: Store, rule: string, entry: Entry): SyncStatus {
  const fields = new Fields(store, entry);
  const count = (name: string): number => fields.integer(name, 0);
  const { endedMs, refused } = entry.value as { endedMs?: unknown; refused?: unknown };
  return {
    rule,
    startedMs: count("startedMs"),
    endedMs: endedMs === undefined ? undefined : count("endedMs"),
    currentMs: count("currentMs"),
    ...{ same: count("same"), copied: count("copied"), behind: count("behind"), deleted: count("deleted") },
    ...{ ahead: count("ahead"), diverged: count("diverged"), failed: count("failed"), bytes: count("bytes") },
    refused: refused === undefined ? 0 : count("refused"), // written before there were policies
  };
}
