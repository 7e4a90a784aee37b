/*
 * batches/3f2a…  {"parts":[{"host":"h1","ask":"3f2a…","names":["web-1"],"state":"done","made":["6f1c…"]},{"host":"h2",…}]}
 *
 * A creation on several hosts that is all or none: written with what is asked of them, gone once each has made its part, or
 * none has anything of it. `state` is what the host's own daemon says of its part. A host that an operator has said is off
 * is not waited for: what it has of a batch is left to it.
 */
import type { Clock } from "../../core/runtime/clock.ts";
import { findRequest } from "../operations/requests.ts";
import { damaged, Fields } from "../store/documents.ts";
import type { Entry, Put, Store } from "../store/types.ts";
import { type Ask, askKey, findAsk } from "./asks.ts";
import { beatKey } from "./documents.ts";
import { isFenced } from "./orders.ts";

export const BATCHES = "batches/";

const LOOK_MS = 200;

const STATES = ["done", "failed", "undone"] as const;

/** `failed`: it has made nothing · `undone`: it had made its part, and has taken it back. */
export type PartState = (typeof STATES)[number];

export interface BatchPart {
  readonly host: string;
  readonly ask: string;
  readonly names: readonly string[];
  readonly state?: PartState | undefined;
  /** Ids of the machines that were made, in the order of `names`: one of such a name and another id is another's. */
  readonly made?: readonly string[] | undefined;
}

export interface Batch {
  readonly id: string;
  readonly parts: readonly BatchPart[];
  readonly revision: number;
}

/** With what has become of each part by now, whether its host has said so or not. */
export interface JudgedBatch extends Batch {
  /** Those of its hosts that an operator has said are off. */
  readonly fenced: readonly string[];
}

/** Found by the first of its asks. Nothing for what one host makes alone. */
export function putBatch(asks: readonly Ask[]): readonly Put[] {
  const [first, second] = asks;
  if (first === undefined || second === undefined) return [];
  const parts = asks.map(({ host, id, request }): BatchPart => {
    const names = request.kind === "create" ? (request.names ?? []) : request.names;
    return { host, ask: id, names };
  });
  return [{ key: BATCHES + first.id, value: { parts } }];
}

export function decodeBatch(store: Pick<Store, "name">, entry: Entry): Batch {
  const { key, value, revision } = entry;
  const { parts } = value as { readonly parts?: unknown };
  if (!Array.isArray(parts)) throw damaged(store.name, key, "parts: not a list");
  return {
    id: key.slice(BATCHES.length),
    parts: parts.map((part) => decodePart(store, key, part)),
    revision,
  };
}

function decodePart(store: Pick<Store, "name">, key: string, value: unknown): BatchPart {
  const fields = new Fields(store, { key, value });
  const { state, made } = value as Readonly<Record<string, unknown>>;
  return {
    host: fields.text("host"),
    ask: fields.text("ask"),
    names: fields.texts("names"),
    state: state === undefined ? undefined : fields.choice("state", STATES),
    made: made === undefined ? undefined : fields.texts("made"),
  };
}

export async function findBatch(store: Store, id: string): Promise<Batch | undefined> {
  const entry = await store.get(BATCHES + id);
  return entry && decodeBatch(store, entry);
}

/** Forgotten once nobody has anything to do for it any more. False when it is not what was read any more. */
export async function saveBatch(store: Store, batch: JudgedBatch): Promise<boolean> {
  const { id, parts, revision } = batch;
  const key = BATCHES + id;
  // What a host that is off has taken and not begun is wanted no more when it returns.
  const remove = [key, ...leftTo(batch).map((part) => askKey({ host: part.host, id: part.ask }))];
  const change = openParts(batch).length === 0 ? { remove } : { put: [{ key, value: { parts } }] };
  return (await store.transact({ expect: [{ key, revision }], ...change })) !== undefined;
}

/** Nobody makes or takes back anything for its sake from here on. False when it is not what was read any more. */
export async function removeBatch(store: Store, { id, revision }: Batch): Promise<boolean> {
  const key = BATCHES + id;
  return (await store.transact({ expect: [{ key, revision }], remove: [key] })) !== undefined;
}

export async function judgeBatch(store: Store, batch: Batch): Promise<JudgedBatch> {
  const parts = await Promise.all(batch.parts.map((part) => judgePart(store, part)));
  const hosts = unfinished({ parts }).map(({ host }) => host);
  const areFenced = await Promise.all(hosts.map((host) => isFenced(store, host)));
  return { ...batch, parts, fenced: hosts.filter((_, index) => areFenced[index]) };
}

/** Whether all are to be taken back. */
export function isGivenUp({ parts }: Pick<Batch, "parts">): boolean {
  return parts.some(isNothing);
}

/** Those that somebody has yet to make, or to take back. */
export function openParts(batch: JudgedBatch): readonly BatchPart[] {
  return unfinished(batch).filter(({ host }) => !batch.fenced.includes(host));
}

/** Those that nobody will make or take back, for their host is off. */
export function leftTo(batch: JudgedBatch): readonly BatchPart[] {
  return unfinished(batch).filter(({ host }) => batch.fenced.includes(host));
}

/**
 * Waits until a batch that is given up is taken back, as far as hosts report that have something of it and get on with it,
 * `waitMs` at most. Returns it as it is then; nothing once it is over.
 */
export async function untilTakenBack(
  store: Store,
  clock: Clock,
  id: string,
  waitMs: () => number,
): Promise<JudgedBatch | undefined> {
  for (;;) {
    const found = await findBatch(store, id);
    if (found === undefined) return undefined;
    const batch = await judgeBatch(store, found);
    const beats = await Promise.all(openParts(batch).map(({ host }) => store.get(beatKey(host))));
    const isHopeless = beats.every((beat) => beat === undefined);
    if (waitMs() <= 0 || !isGivenUp(batch) || isHopeless) return batch;
    await clock.sleep(LOOK_MS);
  }
}

function unfinished({ parts }: Pick<Batch, "parts">): readonly BatchPart[] {
  const isVain = isGivenUp({ parts });
  return parts.filter(({ state }) => state === undefined || (isVain && state === "done"));
}

function isNothing({ state }: BatchPart): boolean {
  return state === "failed" || state === "undone";
}

/** The ask is read first: one that is gone is in the journal by now, or nobody will ever take it. */
async function judgePart(store: Store, part: BatchPart): Promise<BatchPart> {
  if (part.state !== undefined) return part;
  const asked = await findAsk(store, { host: part.host, id: part.ask });
  const record = await findRequest(store, part.host, part.ask);
  if (record === undefined)
    return asked === undefined || asked.state === "answered" ? { ...part, state: "failed" } : part;
  if (record.results.some(({ state }) => state !== "done")) return { ...part, state: "failed" };
  if (record.endedMs === undefined) return part;
  const made = part.names.map((name) => record.results.find((result) => result.name === name)?.id ?? "");
  return { ...part, state: "done", made };
}
