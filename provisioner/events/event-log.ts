import { randomBytes } from "node:crypto";
import type { Clock } from "../../core/runtime/clock.ts";
import { MAX_OPERATIONS } from "../store/transaction.ts";
import type { Entry, Store } from "../store/types.ts";
import { decodeEvent, EVENTS, encodeEvent, eventKey, type MachineEvent } from "./documents.ts";

/** Kept of each host; the oldest go first. */
const MAX_EVENTS = 1000;
/** So many are written between two looks at how many there are. */
const PRUNE_EVERY = 50;

export type NewEvent = Omit<MachineEvent, "atMs" | "host">;

/** The history of one host's machines, durable and bounded. */
export class EventLog {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #host: string;
  #written = 0;

  constructor(store: Store, clock: Clock, host: string) {
    this.#store = store;
    this.#clock = clock;
    this.#host = host;
  }

  async add(...events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return;
    const stamp = { atMs: this.#clock.nowMs(), host: this.#host };
    const put = events.map((event, index) => {
      // Of the same millisecond in the order they are given.
      const suffix = `${String(index).padStart(3, "0")}${randomBytes(3).toString("hex")}`;
      return { key: eventKey(stamp, suffix), value: encodeEvent({ ...event, ...stamp }) };
    });
    await this.#store.transact({ expect: [], put });
    if (this.#written % PRUNE_EVERY < events.length) await this.#prune();
    this.#written += events.length;
  }

  async #prune(): Promise<void> {
    const { entries } = await this.#store.list(`${EVENTS}${this.#host}/`);
    const old = entries.slice(0, Math.max(0, entries.length - MAX_EVENTS)).slice(0, MAX_OPERATIONS);
    if (old.length > 0) await this.#store.transact({ expect: [], remove: old.map(({ key }) => key) });
  }
}

/** Those of all hosts, in the order of time; of some machines only, where names are given. */
export async function listEvents(
  store: Store,
  names: readonly string[] = [],
): Promise<readonly MachineEvent[]> {
  return decodeWanted(store, (await store.list(EVENTS)).entries, names);
}

/** The last `tail`, then those to come, until `signal`. */
export async function* followEvents(
  store: Store,
  tail: number,
  signal: AbortSignal,
  names: readonly string[] = [],
): AsyncGenerator<MachineEvent> {
  const first = await store.list(EVENTS);
  const begin = decodeWanted(store, first.entries, names);
  yield* begin.slice(begin.length - Math.min(tail, begin.length));
  let seen = first.revision;
  for await (const _ of store.changes(EVENTS, seen, signal)) {
    const now = await store.list(EVENTS);
    const fresh = now.entries.filter(({ revision }) => revision > seen);
    seen = now.revision;
    yield* decodeWanted(store, fresh, names);
  }
}

function decodeWanted(
  store: Store,
  entries: readonly Entry[],
  names: readonly string[],
): readonly MachineEvent[] {
  return inOrder(entries)
    .map((entry) => decodeEvent(store, entry))
    .filter(({ name }) => names.length === 0 || (name !== undefined && names.includes(name)));
}

/** By time, whichever host. */
function inOrder(entries: readonly Entry[]): readonly Entry[] {
  const timeOf = ({ key }: Entry): string => key.slice(key.lastIndexOf("/") + 1);
  return [...entries].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
}
