/*
 * registry-server/registry.example/window       {"id":"5b1c…","beat":17}
 * registry-server/registry.example/replicas/a   {"state":"read-only","window":"5b1c…","sinceMs":1700000000000}
 * registry-server/registry.example/collected    {"endedMs":1700000000000,"marked":40,"blobs":3,"bytes":91,"untagged":0}
 *
 * While the first is there and its beat goes on, all replicas refuse to be written to. Nobody compares
 * clocks: each watches the beat by its own.
 */
import type { Clock } from "../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../core/runtime/errors.ts";
import { Fields } from "../../store/documents.ts";
import type { Store } from "../../store/types.ts";

const BEAT_MS = 2000;
/** A collector that could not tell of itself for so long ends … */
const GIVE_UP_MS = 10_000;
/** … well before a replica takes it for dead and is written to again. */
export const LEASE_MS = 30_000;

export interface Window {
  readonly id: string;
  readonly beat: number;
  readonly revision: number;
}

export type ReplicaMode = "writable" | "read-only";

export interface ReplicaState {
  /** "starting": it may be about to become anything. */
  readonly state: ReplicaMode | "starting" | "down";
  /** The window that it is read-only for. */
  readonly window: string | undefined;
  /** Why nothing can be pushed to it all the same. */
  readonly problem?: string | undefined;
  readonly sinceMs: number;
}

/** What the last garbage collection has come to. */
export interface Collected {
  readonly endedMs: number;
  /** Blobs that are needed. */
  readonly marked: number;
  readonly blobs: number;
  /** Undefined where the storage is not a folder that can be looked into. */
  readonly bytes: number | undefined;
  /** Manifests that no tag led to. */
  readonly untagged: number;
}

export class ServerDocuments {
  readonly #store: Store;
  readonly #prefix: string;

  constructor(store: Store, server: string) {
    this.#store = store;
    this.#prefix = `registry-server/${server}`;
  }

  async readWindow(): Promise<Window | undefined> {
    const entry = await this.#store.get(`${this.#prefix}/window`);
    if (entry === undefined) return undefined;
    const fields = new Fields(this.#store, entry);
    return { id: fields.text("id"), beat: fields.integer("beat", 0), revision: entry.revision };
  }

  /** What `known` has become; undefined when somebody else has changed it. 0 makes a new one. */
  async writeWindow(id: string, beat: number, known: number): Promise<number | undefined> {
    const key = `${this.#prefix}/window`;
    const expect = [{ key, revision: known }];
    return this.#store.transact({ expect, put: [{ key, value: { id, beat } }] });
  }

  async removeWindow(id: string): Promise<void> {
    const key = `${this.#prefix}/window`;
    const there = await this.readWindow();
    if (there?.id === id)
      await this.#store.transact({ expect: [{ key, revision: there.revision }], remove: [key] });
  }

  /** One whose owner was killed: or each replica that starts would be read-only for a lease, for ever. A beat keeps it. */
  async dropWindow({ revision }: Window): Promise<void> {
    const key = `${this.#prefix}/window`;
    await this.#store.transact({ expect: [{ key, revision }], remove: [key] });
  }

  async readReplicas(): Promise<ReadonlyMap<string, ReplicaState>> {
    const prefix = `${this.#prefix}/replicas/`;
    const { entries } = await this.#store.list(prefix);
    return new Map(
      entries.map((entry) => {
        const fields = new Fields(this.#store, entry);
        const state = fields.choice("state", ["writable", "read-only", "starting", "down"]);
        const about = { window: fields.optionalText("window"), problem: fields.optionalText("problem") };
        const sinceMs = fields.integer("sinceMs", 0);
        return [entry.key.slice(prefix.length), { state, ...about, sinceMs }];
      }),
    );
  }

  async readCollected(): Promise<Collected | undefined> {
    const entry = await this.#store.get(`${this.#prefix}/collected`);
    if (entry === undefined) return undefined;
    const fields = new Fields(this.#store, entry);
    const isKnown = (entry.value as { bytes?: unknown }).bytes !== undefined;
    return {
      endedMs: fields.integer("endedMs", 0),
      marked: fields.integer("marked", 0),
      blobs: fields.integer("blobs", 0),
      bytes: isKnown ? fields.integer("bytes", 0) : undefined,
      untagged: fields.integer("untagged", 0),
    };
  }

  async writeCollected(value: Collected): Promise<void> {
    await this.#store.transact({ expect: [], put: [{ key: `${this.#prefix}/collected`, value }] });
  }

  async writeReplica(name: string, state: ReplicaState): Promise<void> {
    const key = `${this.#prefix}/replicas/${name}`;
    await this.#store.transact({ expect: [], put: [{ key, value: state }] });
  }
}

/**
 * Has `body` run while nothing is written. Its signal ends it when that can no longer be promised. A window
 * whose owner was killed is taken over once its beat has stopped for a lease.
 */
export async function inWindow<T>(
  documents: ServerDocuments,
  id: string,
  clock: Clock,
  signal: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const lost = new AbortController();
  await takeWindow(documents, id, clock, signal);
  const beats = keepBeating(documents, id, clock, ended.signal).catch((error) => lost.abort(error));
  try {
    return await body(AbortSignal.any([signal, lost.signal]));
  } finally {
    ended.abort();
    await beats;
    await documents.removeWindow(id).catch(() => {}); // the lease ends it then
  }
}

/** Throws when the replicas may soon no longer count on the window. */
async function keepBeating(
  documents: ServerDocuments,
  id: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const beat = async (): Promise<boolean> => {
    const there = await documents.readWindow(); // not always what was written last: that may be done and not told
    if (there?.id !== id) return false;
    return (await documents.writeWindow(id, there.beat + 1, there.revision)) !== undefined;
  };
  for (let lastMs = clock.monotonicMs(); clock.monotonicMs() - lastMs < GIVE_UP_MS; ) {
    await clock.sleep(BEAT_MS, signal);
    if (signal.aborted) return;
    if (await beat().catch(() => false)) lastMs = clock.monotonicMs();
  }
  throw new PlimsollError("REGISTRY_GC", "the read-only window was lost on the way", {
    hint: "the store did not answer; run it again",
  });
}

async function takeWindow(
  documents: ServerDocuments,
  id: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const there = await documents.readWindow();
  if (there !== undefined) {
    const deadline = clock.monotonicMs() + LEASE_MS;
    while (clock.monotonicMs() < deadline) {
      await clock.sleep(BEAT_MS, signal);
      signal.throwIfAborted();
      const now = await documents.readWindow();
      if (now?.revision === there.revision) continue;
      if (now === undefined) return takeWindow(documents, id, clock, signal);
      throw new PlimsollError("REGISTRY_GC", "another garbage collection is at work");
    }
  }
  const revision = await documents.writeWindow(id, 0, there?.revision ?? 0);
  if (revision === undefined) throw new PlimsollError("REGISTRY_GC", "another garbage collection is at work");
}

/** Whether a replica has to be read-only, as it sees the beat; one that has stopped for a lease counts no more. */
export class WindowWatch {
  readonly #clock: Clock;
  #seen: Window | undefined;
  #seenMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The window that it has to be read-only for. */
  judge(window: Window | undefined): string | undefined {
    const now = this.#clock.monotonicMs();
    if (window?.revision !== this.#seen?.revision) {
      this.#seen = window;
      this.#seenMs = now;
    }
    return window !== undefined && now - this.#seenMs < LEASE_MS ? window.id : undefined;
  }
}
