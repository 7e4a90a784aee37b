/*
 * requests/h1/3f2a…  {"kind":"create","digest":"9b1c…","begunMs":1700000000000,"results":[{"name":"web","id":"6f1c…","state":"done"}],"endedMs":…}
 *
 * What was asked for under an id, kept for a while after it has ended: who asks again under that id,
 * because an answer was lost, gets the same operation.
 */
import { createHash } from "node:crypto";
import { OPERATION_KINDS, type OperationKind } from "../machines/documents.ts";
import { damaged, Fields } from "../store/documents.ts";
import { MAX_OPERATIONS } from "../store/transaction.ts";
import type { Entry, Store } from "../store/types.ts";

export interface RequestRecord {
  readonly id: string;
  readonly kind: OperationKind;
  /** Of what was asked. */
  readonly digest: string;
  readonly begunMs: number;
  /** Of the machines that have ended. */
  readonly results: readonly RequestResult[];
  readonly endedMs?: number | undefined;
}

export interface RequestResult {
  readonly name: string;
  /** The machine's; absence: written by a version that did not say so. */
  readonly id?: string | undefined;
  readonly state: "done" | "undone" | "stuck";
  readonly error?: string | undefined;
}

export function requestKey(host: string, id: string): string {
  return `requests/${host}/${id}`;
}

/** Equal for what asks the same, in whatever order its fields are. */
export function digestOf(request: object): string {
  const fields = Object.entries(request).filter(([, value]) => value !== undefined);
  const text = JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

export function encodeRequest({ id: _, ...record }: RequestRecord): object {
  return record;
}

export function decodeRequest(
  store: Pick<Store, "name">,
  entry: Pick<Entry, "key" | "value">,
): RequestRecord {
  const fields = new Fields(store, entry);
  const { results, endedMs } = entry.value as Readonly<Record<string, unknown>>;
  if (!Array.isArray(results)) throw damaged(store.name, entry.key, "results: not a list");
  return {
    id: entry.key.slice(entry.key.lastIndexOf("/") + 1),
    kind: fields.choice("kind", OPERATION_KINDS),
    digest: fields.text("digest"),
    begunMs: fields.integer("begunMs", 0),
    results,
    endedMs: endedMs === undefined ? undefined : fields.integer("endedMs", 0),
  };
}

/** Undefined when nobody has asked for anything under that id, or long ago. */
export async function findRequest(
  store: Store,
  host: string,
  id: string,
): Promise<RequestRecord | undefined> {
  const entry = await store.get(requestKey(host, id));
  return entry === undefined ? undefined : decodeRequest(store, entry);
}

/** Those that ended before; as many as one transaction holds. */
export async function forgetRequests(store: Store, host: string, beforeMs: number): Promise<void> {
  const { entries } = await store.list(requestKey(host, ""));
  const old = entries
    .filter((entry) => (decodeRequest(store, entry).endedMs ?? Number.POSITIVE_INFINITY) < beforeMs)
    .slice(0, MAX_OPERATIONS);
  if (old.length === 0) return;
  const expect = old.map(({ key, revision }) => ({ key, revision }));
  await store.transact({ expect, remove: old.map(({ key }) => key) });
}
