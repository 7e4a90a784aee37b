/*
 * hosts/h1/facts  {"address":"10.0.0.1","cpus":"64","memoryBytes":…,"diskBytes":…,"online":"0-63","labels":["rack=a"],"version":"0.1.0"}
 * hosts/h1/beat   {"atMs":1700000000000,"machine":"8b3e…","running":["6f1c…"],"images":["debian:12"]}
 * hosts/h1/order  {"state":"fenced","sinceMs":1700000000000,"by":"h2"}
 *
 * The first two are the host's daemon's, and the second goes by itself when that reports no more. The third
 * is an operator's; there is none for a host like any other.
 */
import { splitLabel } from "../machines/documents.ts";
import { Fields } from "../store/documents.ts";
import type { Entry, Store } from "../store/types.ts";
import type { HostFacts } from "./types.ts";

export const HOSTS = "hosts/";

/** As often a daemon reports … */
export const BEAT_EVERY_MS = 5000;
/** … and so long after its last word its host is lost. */
export const BEAT_SECONDS = 15;

export interface Beat {
  readonly atMs: number;
  /** Whose daemon it is: machine-id(5). */
  readonly machine: string;
  /** Ids of the machines that run. */
  readonly running: readonly string[];
  readonly images: readonly string[];
}

/** What an operator has said of a host. */
export interface Order {
  readonly state: "draining" | "fenced";
  readonly sinceMs: number;
  /** The host it was said on. */
  readonly by: string;
}

export function factsKey(host: string): string {
  return `${HOSTS}${host}/facts`;
}

export function beatKey(host: string): string {
  return `${HOSTS}${host}/beat`;
}

export function orderKey(host: string): string {
  return `${HOSTS}${host}/order`;
}

export function encodeFacts({ name: _, capacity, labels, ...rest }: HostFacts): object {
  return {
    ...rest,
    cpus: String(capacity.cpus),
    memoryBytes: capacity.memoryBytes,
    diskBytes: capacity.diskBytes,
    labels: Object.entries(labels).map(([name, value]) => `${name}=${value}`),
  };
}

export function decodeFacts(store: Pick<Store, "name">, entry: Pick<Entry, "key" | "value">): HostFacts {
  const fields = new Fields(store, entry);
  const [, name = ""] = entry.key.split("/");
  return {
    name,
    address: fields.text("address"),
    capacity: {
      cpus: fields.parsed("cpus", "a number of CPUs", parsePositive),
      memoryBytes: fields.integer("memoryBytes", 0),
      diskBytes: fields.integer("diskBytes", 0),
    },
    online: fields.text("online"),
    labels: Object.fromEntries(fields.texts("labels").map(splitLabel)),
    version: fields.text("version"),
  };
}

export function decodeBeat(store: Pick<Store, "name">, entry: Pick<Entry, "key" | "value">): Beat {
  const fields = new Fields(store, entry);
  return {
    atMs: fields.integer("atMs", 0),
    machine: fields.text("machine"),
    running: fields.texts("running"),
    images: fields.texts("images"),
  };
}

export function decodeOrder(store: Pick<Store, "name">, entry: Pick<Entry, "key" | "value">): Order {
  const fields = new Fields(store, entry);
  return {
    state: fields.choice("state", ["draining", "fenced"]),
    sinceMs: fields.integer("sinceMs", 0),
    by: fields.text("by"),
  };
}

function parsePositive(text: string): number | undefined {
  const value = Number(text);
  return value > 0 && Number.isFinite(value) ? value : undefined;
}
