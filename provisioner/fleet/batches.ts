/*
 * batches/3f2a…  {"parts":[{"host":"h1","ask":"3f2a…","names":["web-1"],"state":"done","endedMs":1700000000000},{"host":"h2",…}]}
 *
 * A creation on several hosts that is all or none: written with what is asked of them, gone once each has made its part, or
 * none has anything of it. `state` is what the host's own daemon says of its part.
 */
import type { Clock } from "../../core/runtime/clock.ts";
import { findRequest } from "../operations/requests.ts";
import { damaged, Fields } from "../store/documents.ts";
import type { Entry, Put, Store } from "../store/types.ts";
import { type Ask, findAsk } from "./asks.ts";
import { beatKey } from "./documents.ts";
import { UNDONE_MS } from "./errand.ts";

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
  /** When it was made, by its host's clock: a machine of the name that is younger is another's. */
  readonly endedMs?: number | undefined;
}

export interface Batch {
  readonly id: string;
  readonly parts: readonly BatchPart[];
  readonly revision: number;
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
  const { state, endedMs } = value as Readonly<Record<string, unknown>>;
  return {
    host: fields.text("host"),
    ask: fields.text("ask"),
    names: fields.texts("names"),
    state: state === undefined ? undefined : fields.choice("state", STATES),
    endedMs: endedMs === undefined ? undefined : fields.integer("endedMs", 0),
  };
}

export async function findBatch(store: Store, id: string): Promise<Batch | undefined> {
  const entry = await store.get(BATCHES + id);
  return entry && decodeBatch(store, entry);
}

/** Forgotten once nothing is left to be done for it. False when it is not what was read any more. */
export async function saveBatch(store: Store, { id, parts, revision }: Batch): Promise<boolean> {
  const key = BATCHES + id;
  const isOver = parts.every(({ state }) => state === "done") || parts.every(isNothing);
  const change = isOver ? { remove: [key] } : { put: [{ key, value: { parts } }] };
  return (await store.transact({ expect: [{ key, revision }], ...change })) !== undefined;
}

/** With what has become of each part by now, whether its host has said so or not. */
export async function judgeBatch(store: Store, batch: Batch): Promise<Batch> {
  return { ...batch, parts: await Promise.all(batch.parts.map((part) => judgePart(store, part))) };
}

/** Whether all are to be taken back. */
export function isLost({ parts }: Batch): boolean {
  return parts.some(isNothing);
}

/**
 * Waits until a batch that is lost is taken back, as far as hosts report that have something of it and get on with it.
 * Returns what is left.
 */
export async function untilTakenBack(store: Store, clock: Clock, id: string): Promise<readonly BatchPart[]> {
  const begunMs = clock.monotonicMs();
  for (;;) {
    const found = await findBatch(store, id);
    if (found === undefined) return [];
    const batch = await judgeBatch(store, found);
    const left = batch.parts.filter(({ state }) => state === "done");
    const beats = await Promise.all(left.map(({ host }) => store.get(beatKey(host))));
    const isLate = clock.monotonicMs() - begunMs > UNDONE_MS;
    if (isLate || !isLost(batch) || beats.every((beat) => beat === undefined)) return left;
    await clock.sleep(LOOK_MS);
  }
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
  const { endedMs } = record;
  return endedMs === undefined ? part : { ...part, state: "done", endedMs };
}
