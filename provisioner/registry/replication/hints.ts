/*
 * What a registry tells of itself (Distribution's documentation, "Notifications"):
 *
 *   {"events":[{"action":"push","target":{"repository":"team/app","digest":"sha256:…","tag":"v1"}}]}
 */
import type { Clock } from "../../../core/runtime/clock.ts";
import type { Store } from "../../store/types.ts";
import { isRepository } from "../names.ts";

const PRESET_PREFIX = "registry-hints/";
/** Repositories in one transaction. */
const BATCH = 100;

/** The repositories in which something has changed, by a registry's own word; undefined for what is no notification. */
export function parseNotification(text: string): readonly string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { events } = (value ?? {}) as { events?: unknown };
  if (!Array.isArray(events)) return undefined;
  const changed = events
    .filter((event) => event?.action === "push" || event?.action === "delete" || event?.action === "mount")
    .map((event) => event.target?.repository)
    .filter((name) => typeof name === "string" && isRepository(name));
  return [...new Set<string>(changed)];
}

/** A repository that somebody said has changed. */
export interface Hint {
  readonly repository: string;
  readonly revision: number;
}

/**
 * Hints, kept in the store until they are followed. They make things faster, never right: whoever loses
 * one waits for the next comparison.
 */
export class Hints {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #prefix: string;
  #wake: () => void = () => {};

  /** `prefix`: each who follows hints has its own, for who has followed one removes it. */
  constructor(store: Store, clock: Clock, prefix: string = PRESET_PREFIX) {
    this.#store = store;
    this.#clock = clock;
    this.#prefix = prefix;
  }

  /** When it resolves they are durable: only then may their sender forget them. */
  async add(repositories: readonly string[]): Promise<void> {
    const atMs = this.#clock.nowMs();
    for (let at = 0; at < repositories.length; at += BATCH) {
      const put = repositories
        .slice(at, at + BATCH)
        .map((name) => ({ key: this.#prefix + name, value: { atMs } }));
      await this.#store.transact({ expect: [], put });
    }
    if (repositories.length > 0) this.#wake();
  }

  async list(): Promise<readonly Hint[]> {
    const { entries } = await this.#store.list(this.#prefix);
    return entries.map(({ key, revision }) => ({ repository: key.slice(this.#prefix.length), revision }));
  }

  /** One that was given again meanwhile stays. */
  async remove(hints: readonly Hint[]): Promise<void> {
    for (const { repository, revision } of hints) {
      const key = this.#prefix + repository;
      await this.#store.transact({ expect: [{ key, revision }], remove: [key] });
    }
  }

  /** Until there is one, `ms` have passed, or `signal`. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if ((await this.list()).length === 0)
      await this.#clock.sleep(ms, AbortSignal.any([signal, woken.signal]));
  }
}
