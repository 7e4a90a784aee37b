/*
 * asks/h2/3f2a…  {"wants":"operation","request":{"kind":"stop","names":["web"]},"state":"asked"}
 *
 * What is asked of a host's daemon by who is elsewhere. `asked`: it lives as long as who asks, and may be taken
 * back · `taken`: the daemon's, until the operation of that id is in its journal · `answered`: for who asks, with a
 * refusal or a plan · `cancelled`: what was taken is wanted no more.
 */
import { randomUUID } from "node:crypto";
import type { ChangeRequest } from "../ct/request.ts";
import { Fields } from "../store/documents.ts";
import type { Entry, Put, Store } from "../store/types.ts";

const ASKS = "asks/";
/** Who asks says so again long before. */
export const ASKED_SECONDS = 15;
/** An answer is read within a second, or nobody is there to read it. */
const ANSWERED_SECONDS = 60;

export interface Ask {
  readonly host: string;
  /** The operation's as well. */
  readonly id: string;
  /** `announcement`: that the machines it names be heard on the wire. */
  readonly wants: "operation" | "plan" | "announcement";
  /** Written by a program of perhaps another version: the daemon checks it as it checks its API's. */
  readonly request: ChangeRequest;
  readonly state: "asked" | "taken" | "answered" | "cancelled";
  /** JSON: what the API would have answered. */
  readonly answer?: string | undefined;
  readonly revision: number;
}

export function newAsk(host: string, wants: Ask["wants"], request: ChangeRequest): Ask {
  return { host, id: randomUUID(), wants, request, state: "asked", revision: 0 };
}

export function asksPrefix(host: string): string {
  return `${ASKS}${host}/`;
}

export function askKey({ host, id }: Pick<Ask, "host" | "id">): string {
  return asksPrefix(host) + id;
}

/** With the time that an ask in its state is kept for. */
export function putAsk(ask: Ask): Put {
  const { wants, request, state, answer } = ask;
  const seconds = {
    asked: ASKED_SECONDS,
    taken: undefined,
    answered: ANSWERED_SECONDS,
    cancelled: ANSWERED_SECONDS,
  };
  return { key: askKey(ask), value: { wants, request, state, answer }, seconds: seconds[state] };
}

export function decodeAsk(store: Pick<Store, "name">, entry: Entry): Ask {
  const fields = new Fields(store, entry);
  const [, host = "", id = ""] = entry.key.split("/");
  return {
    host,
    id,
    wants: fields.choice("wants", ["operation", "plan", "announcement"]),
    request: (entry.value as { readonly request: ChangeRequest }).request,
    state: fields.choice("state", ["asked", "taken", "answered", "cancelled"]),
    answer: fields.optionalText("answer"),
    revision: entry.revision,
  };
}

/** Of one host, or of all. */
export async function listAsks(store: Store, host?: string): Promise<readonly Ask[]> {
  const { entries } = await store.list(host === undefined ? ASKS : asksPrefix(host));
  return entries.map((entry) => decodeAsk(store, entry));
}

export async function findAsk(store: Store, ask: Pick<Ask, "host" | "id">): Promise<Ask | undefined> {
  const entry = await store.get(askKey(ask));
  return entry && decodeAsk(store, entry);
}

/** Undefined when it is not what was read any more. */
export async function changeAsk(
  store: Store,
  ask: Ask,
  changes: Partial<Pick<Ask, "state" | "answer">>,
): Promise<Ask | undefined> {
  const next = { ...ask, ...changes };
  const revision = await store.transact({
    expect: [{ key: askKey(ask), revision: ask.revision }],
    put: [putAsk(next)],
  });
  return revision === undefined ? undefined : { ...next, revision };
}

/** False when it is not what was read any more. */
export async function removeAsk(store: Store, ask: Ask): Promise<boolean> {
  const key = askKey(ask);
  return (await store.transact({ expect: [{ key, revision: ask.revision }], remove: [key] })) !== undefined;
}
