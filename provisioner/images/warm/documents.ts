/*
 * image-warm/orders/h1/base   {"round":"3f2a…","registry":"https://registry.example","orderedMs":…,
 *                              "images":["registry.example/team/app:v1 registry.example/team/app@sha256:…"]}
 * image-warm/reports/h1/base  {"round":"3f2a…","wanted":1,"pulled":0,"missing":["registry.example/team/app:v1"],"failed":[],
 *                              "startedMs":…,"currentMs":0}
 *
 * What a host is to have by a rule, and what it says of that. The first stays: a daemon that ended in the middle goes on
 * with it. The second is the host's alone.
 */
import { Fields } from "../../store/documents.ts";
import type { Entry, Store } from "../../store/types.ts";

const ORDERS = "image-warm/orders/";
const REPORTS = "image-warm/reports/";

export interface WantedImage {
  /** What people call it. */
  readonly image: string;
  /** The registry's host and the repository that it is pulled from. */
  readonly from: string;
  readonly digest: string;
}

export interface WarmOrder {
  readonly host: string;
  readonly rule: string;
  /** A new one for each time that a rule is looked at. */
  readonly round: string;
  readonly registry: string;
  readonly orderedMs: number;
  readonly images: readonly WantedImage[];
}

export interface WarmReport {
  readonly host: string;
  readonly rule: string;
  readonly round: string;
  readonly wanted: number;
  readonly pulled: number;
  /** Names of what is not there yet. */
  readonly missing: readonly string[];
  /** `NAME: problem` of what could not be had. */
  readonly failed: readonly string[];
  readonly startedMs: number;
  /** Undefined while it is under way. */
  readonly endedMs: number | undefined;
  /** When the last round that left nothing missing was ordered; 0 when none has. */
  readonly currentMs: number;
}

export function ordersPrefix(host: string): string {
  return `${ORDERS}${host}/`;
}

export async function writeOrder(store: Store, { host, rule, images, ...rest }: WarmOrder): Promise<void> {
  const texts = images.map(({ image, from, digest }) => `${image} ${from}@${digest}`);
  const put = [{ key: ordersPrefix(host) + rule, value: { ...rest, images: texts } }];
  await store.transact({ expect: [], put });
}

/** With what was said of it; unless it has been renewed meanwhile. */
export async function removeOrder(store: Store, { host, rule, round }: WarmOrder): Promise<void> {
  const key = ordersPrefix(host) + rule;
  const entry = await store.get(key);
  if (entry === undefined || decodeOrder(store, entry).round !== round) return;
  const expect = [{ key, revision: entry.revision }];
  await store.transact({ expect, remove: [key, `${REPORTS}${host}/${rule}`] });
}

/** Of one host, or of all. */
export async function listOrders(
  store: Store,
  host?: string,
): Promise<{ readonly orders: readonly WarmOrder[]; readonly revision: number }> {
  const { entries, revision } = await store.list(host === undefined ? ORDERS : ordersPrefix(host));
  return { orders: entries.map((entry) => decodeOrder(store, entry)), revision };
}

export function decodeOrder(store: Pick<Store, "name">, entry: Entry): WarmOrder {
  const fields = new Fields(store, entry);
  const [, , host = "", rule = ""] = entry.key.split("/");
  return {
    ...{ host, rule },
    round: fields.text("round"),
    registry: fields.text("registry"),
    orderedMs: fields.integer("orderedMs", 0),
    images: fields.texts("images").map((text) => {
      const [, image = "", from = "", digest = ""] = /^(\S+) (\S+)@(\S+)$/.exec(text) ?? [];
      return { image, from, digest };
    }),
  };
}

export async function writeReport(store: Store, { host, rule, ...value }: WarmReport): Promise<void> {
  await store.transact({ expect: [], put: [{ key: `${REPORTS}${host}/${rule}`, value }] });
}

export async function findReport(store: Store, host: string, rule: string): Promise<WarmReport | undefined> {
  const entry = await store.get(`${REPORTS}${host}/${rule}`);
  return entry && decodeReport(store, entry);
}

export async function listReports(store: Store): Promise<readonly WarmReport[]> {
  return (await store.list(REPORTS)).entries.map((entry) => decodeReport(store, entry));
}

export function decodeReport(store: Pick<Store, "name">, entry: Entry): WarmReport {
  const fields = new Fields(store, entry);
  const [, , host = "", rule = ""] = entry.key.split("/");
  const isEnded = (entry.value as { endedMs?: unknown }).endedMs !== undefined;
  return {
    ...{ host, rule },
    round: fields.text("round"),
    wanted: fields.integer("wanted", 0),
    pulled: fields.integer("pulled", 0),
    missing: fields.texts("missing"),
    failed: fields.texts("failed"),
    startedMs: fields.integer("startedMs", 0),
    endedMs: isEnded ? fields.integer("endedMs", 0) : undefined,
    currentMs: fields.integer("currentMs", 0),
  };
}
